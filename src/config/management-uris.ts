import type { Login } from '../broker/connection/address.js';
import { usageError } from '../core/errors/errors.js';
import { checkUserInfo, decoded } from './user-info.js';

export interface ManagementUris {
  /** Without what they say of the login, so that no message shows a password. */
  readonly bases: string[];
  /** What is empty is as for AMQP. Undefined where none of the addresses says anything. */
  readonly login: Login | undefined;
}

/** One URI, or those of the nodes of one cluster, where one and the same user logs in. */
export function parseManagementUris(given: string | undefined): ManagementUris | undefined {
  if (given === undefined) return undefined;
  const parsed = given.split(/,\s*(?=https?:)/i).map(parseManagementUri);
  const [first] = parsed;
  if (parsed.some(({ login }) => JSON.stringify(login) !== JSON.stringify(first?.login))) {
    throw usageError(
      'URIS_DIFFER',
      'the addresses of the management API differ in the user or the password',
      {
        hint: 'Several addresses are the nodes of one cluster: give all of them the same user and password, or none.',
      },
    );
  }
  return { bases: parsed.map(({ base }) => base), login: first?.login };
}

function parseManagementUri(given: string): { base: string; login: Login | undefined } {
  checkUserInfo(given, 'management API');
  if (!/^https?:\/\//.test(given) || !URL.canParse(given)) {
    // What is wrong with it is not shown where it may be a password.
    const shown = given.includes('@') ? '' : ` "${given}"`;
    throw usageError('BAD_MANAGEMENT_URI', `the address of the management API${shown} is not a URI of HTTP`, {
      hint: 'Write it as http://host:15672, or http://user:password@host:15672 with special characters percent-encoded.',
    });
  }
  const { username, password } = new URL(given);
  const isOwn = username !== '' || password !== '';
  return {
    base: given
      .replace(/^(https?:\/\/)[^/?#]*@/, '$1')
      .replace(/\/+$/, '')
      .replace(/\/api$/, ''),
    login: isOwn
      ? {
          username: decoded(username, 'user', 'management API'),
          password: decoded(password, 'password', 'management API'),
        }
      : undefined,
  };
}
