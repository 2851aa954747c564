import { FairqError } from '../../core/errors/errors.js';
import { encodeText, type Names, routingKeyOf, tooLong } from '../../core/queues/names.js';
import { type Identity, Unauthenticated } from './identity.js';
import { rolesOf } from './roles.js';

/** Who somebody says to be, where that has been proved and not been looked at. */
export interface Claimed {
  readonly user: string;
  readonly tenant?: string | undefined;
  readonly roles: readonly string[];
}

/** @throws Unauthenticated where there can be no queue for such a user */
export function checkedIdentity({ user, tenant, roles }: Claimed, names: Names, scheme: string): Identity {
  try {
    routingKeyOf(names, user);
  } catch (error) {
    if (!(error instanceof FairqError)) throw error;
    throw new Unauthenticated(error.message, scheme);
  }
  const known = { user, roles: rolesOf(roles) };
  if (tenant === undefined) return known;
  const wrong = wrongWithTenant(tenant);
  if (wrong !== undefined) throw new Unauthenticated(`the tenant ${wrong}`, scheme);
  return { ...known, tenant };
}

function wrongWithTenant(tenant: string): string | undefined {
  if (tenant === '') return 'is empty';
  if (!tenant.isWellFormed()) return 'is not valid Unicode';
  return tooLong(encodeText(tenant)) === undefined ? undefined : 'is too long: 255 bytes once encoded';
}
