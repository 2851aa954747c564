import type { Names } from '../../core/queues/names.js';
import { headerText } from './asking.js';
import { checkedIdentity } from './checked-identity.js';
import { type Asking, type Authenticator, type Identity, Unauthenticated } from './identity.js';

export const OPEN_HEADER = 'X-Fairq-User';
const SCHEME = `${OPEN_HEADER} realm="fairq"`;

/** What proxies add. A server on loopback can stand behind one, and then others than this machine reach it. */
const FROM_A_PROXY = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
];

/** Whoever is on this machine may be any user, with all roles. */
export class OpenAuthenticator implements Authenticator {
  readonly signIn = 'name';

  constructor(private readonly names: Names) {}

  async identify(asking: Asking): Promise<Identity> {
    const proxied = FROM_A_PROXY.find((name) => asking.header(name) !== undefined);
    if (proxied !== undefined) {
      throw new Unauthenticated(
        `the request came through a proxy (header ${proxied}), and without authentication only this machine may ask`,
        SCHEME,
      );
    }
    const user = headerText(asking, OPEN_HEADER, SCHEME);
    if (user === undefined) {
      throw new Unauthenticated(`say who you are in the header ${OPEN_HEADER}`, SCHEME);
    }
    return checkedIdentity({ user, roles: ['operator'] }, this.names, SCHEME);
  }
}
