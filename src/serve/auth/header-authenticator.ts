import type { Names } from '../../core/queues/names.js';
import type { Networks } from './addresses.js';
import { headerText } from './asking.js';
import { checkedIdentity } from './checked-identity.js';
import { type Asking, type Authenticator, type Identity, Unauthenticated } from './identity.js';

const SCHEME = 'TrustedProxy realm="fairq"';

export interface HeaderNames {
  readonly user: string;
  readonly roles: string | undefined;
  readonly tenant: string | undefined;
}

/** A proxy in front has made sure who asks, and says so in headers. From anybody else these say nothing. */
export class HeaderAuthenticator implements Authenticator {
  readonly signIn = 'proxy';

  constructor(
    private readonly headers: HeaderNames,
    private readonly proxies: Networks,
    private readonly names: Names,
  ) {}

  async identify(asking: Asking): Promise<Identity> {
    if (!this.proxies.has(asking.peer)) {
      throw new Unauthenticated(`${asking.peer || 'the peer'} is not a trusted proxy`, SCHEME);
    }
    const text = (name: string | undefined) =>
      name === undefined ? undefined : headerText(asking, name, SCHEME);
    const user = text(this.headers.user);
    if (user === undefined) {
      throw new Unauthenticated(`the proxy sent no header ${this.headers.user}`, SCHEME);
    }
    // An empty header is how some proxies leave one out.
    const tenant = text(this.headers.tenant) || undefined;
    // A group's name may have spaces: "night operator" is no operator.
    const roles = (text(this.headers.roles) ?? '').split(',').map((role) => role.trim());
    return checkedIdentity({ user, tenant, roles }, this.names, SCHEME);
  }
}
