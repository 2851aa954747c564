import { timingSafeEqual } from 'node:crypto';
import type { Names } from '../../../core/queues/names.js';
import { BAD_BEARER, bearerToken } from '../bearer.js';
import { checkedIdentity } from '../checked-identity.js';
import { type Asking, type Authenticator, type Identity, Unauthenticated } from '../identity.js';
import type { WatchedFile } from '../watched-file.js';
import { hashOf } from './token.js';
import type { KnownToken } from './tokens-file.js';

/** Each user has a token, and a file has the hashes. */
export class TokensAuthenticator implements Authenticator {
  readonly signIn = 'token';

  constructor(
    private readonly file: WatchedFile<readonly KnownToken[]>,
    private readonly names: Names,
  ) {}

  async identify(asking: Asking): Promise<Identity> {
    const hash = hashOf(bearerToken(asking));
    let found: KnownToken | undefined;
    // All of them each time: how long it takes says nothing of which hash is near.
    for (const known of await this.file.current()) if (timingSafeEqual(known.hash, hash)) found = known;
    if (found === undefined) throw new Unauthenticated('the token is not known', BAD_BEARER);
    return checkedIdentity(found, this.names, BAD_BEARER);
  }
}
