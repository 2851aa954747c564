import type { Role } from './identity.js';

const IMPLIED: Readonly<Record<Role, readonly Role[]>> = {
  user: [],
  viewer: ['viewer'],
  operator: ['operator', 'viewer'],
};

export function isRole(name: string): name is Role {
  return Object.hasOwn(IMPLIED, name);
}

/** Whoever is known is a user. An operator is a viewer, too. Names of other programs' roles count for nothing. */
export function rolesOf(names: readonly string[]): ReadonlySet<Role> {
  return new Set<Role>(['user', ...names.filter(isRole).flatMap((role) => IMPLIED[role])]);
}
