import { usageError } from '../errors/errors.js';
import { exactness, type Glob, glob } from '../values/glob.js';

/** Whom each user belongs to. A user that belongs to nobody else is a tenant of its own, of its own name. */
export interface TenantRule {
  /** As it was given: `prefix:/`. */
  readonly text: string;
  tenantOf(user: string): string;
}

/** What stands before the first separator: `acme/alice` is acme's. */
export function tenantByPrefix(separator: string): TenantRule {
  return {
    text: `prefix:${separator}`,
    tenantOf: (user) => {
      const at = user.indexOf(separator);
      return at > 0 ? user.slice(0, at) : user;
    },
  };
}

/** @param tenants users and globs by tenant; see `checkedTenants`. A name beats a glob, and a longer glob a shorter one. */
export function tenantByMap(file: string, tenants: ReadonlyMap<string, readonly string[]>): TenantRule {
  const byName = new Map<string, string>();
  const globs: { readonly pattern: Glob; readonly tenant: string }[] = [];
  for (const [tenant, users] of tenants) {
    for (const user of users) {
      if (/[*?]/.test(user)) globs.push({ pattern: glob(user), tenant });
      else byName.set(user, tenant);
    }
  }
  globs.sort((a, b) => exactness(b.pattern) - exactness(a.pattern));
  return {
    text: `map:${file}`,
    tenantOf: (user) =>
      byName.get(user) ?? globs.find(({ pattern }) => pattern.matches(user))?.tenant ?? user,
  };
}

/**
 * What a file of tenants holds, checked: `{"acme": ["alice", "acme-*"]}`.
 *
 * @param where what to name in an error
 */
export function checkedTenants(document: unknown, where: string): Map<string, string[]> {
  const bad = (reason: string) =>
    usageError('BAD_TENANTS', `${where}: ${reason}`, {
      hint: 'Write a line for each tenant, such as: acme = ["alice", "acme-*"] (or a JSON object, in a file named *.json).',
    });
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw bad('it is not an object of tenants and their users');
  }
  const tenants = new Map<string, string[]>();
  const seen = new Map<string, string>();
  for (const [tenant, users] of Object.entries(document)) {
    const name = JSON.stringify(tenant);
    if (tenant === '' || !tenant.isWellFormed()) throw bad(`${name} cannot be the name of a tenant`);
    if (!Array.isArray(users)) throw bad(`the tenant ${name} is not a list of users`);
    if (users.length === 0) throw bad(`the tenant ${name} is empty`);
    for (const user of users as unknown[]) {
      if (typeof user !== 'string' || user === '' || !user.isWellFormed()) {
        throw bad(`the tenant ${name} holds ${JSON.stringify(user)}, which is neither a user nor a glob`);
      }
      const other = seen.get(user);
      if (other !== undefined && other !== tenant) {
        throw bad(`${JSON.stringify(user)} is of two tenants, ${JSON.stringify(other)} and ${name}`);
      }
      seen.set(user, tenant);
    }
    tenants.set(tenant, users as string[]);
  }
  if (tenants.size === 0) throw bad('it holds no tenant');
  return tenants;
}
