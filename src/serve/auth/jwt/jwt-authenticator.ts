import { errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose';
import type { Names } from '../../../core/queues/names.js';
import { BAD_BEARER, bearerToken } from '../bearer.js';
import { checkedIdentity } from '../checked-identity.js';
import { type Asking, type Authenticator, type Identity, Unauthenticated } from '../identity.js';
import { claimAt, wordsOf } from './claims.js';
import type { Keys } from './keys.js';
import { whyRefused } from './refusals.js';

export interface JwtRules {
  /** Undefined where any may have issued the token. */
  readonly issuers: readonly string[] | undefined;
  /** Undefined where the token may be for anybody. */
  readonly audiences: readonly string[] | undefined;
  readonly algorithms: readonly string[];
  readonly leewaySeconds: number;
  readonly userClaim: string;
  readonly tenantClaim: string | undefined;
  readonly rolesClaim: string;
}

/** Somebody has signed who asks: a JSON Web Token, in the header Authorization. */
export class JwtAuthenticator implements Authenticator {
  readonly signIn = 'token';
  readonly #options: JWTVerifyOptions;

  constructor(
    private readonly rules: JwtRules,
    private readonly keys: Keys,
    private readonly names: Names,
  ) {
    const { issuers, audiences, algorithms, leewaySeconds } = rules;
    this.#options = {
      algorithms: [...algorithms],
      clockTolerance: leewaySeconds,
      // One that never ends cannot be taken back.
      requiredClaims: ['exp'],
      ...(issuers && { issuer: [...issuers] }),
      ...(audiences && { audience: [...audiences] }),
    };
  }

  async identify(asking: Asking): Promise<Identity> {
    const claims = await this.#verified(bearerToken(asking));
    const { userClaim, tenantClaim, rolesClaim } = this.rules;
    const user = textAt(claims, userClaim);
    if (user === undefined) throw new Unauthenticated(`the token has no claim ${userClaim}`, BAD_BEARER);
    const tenant = tenantClaim === undefined ? undefined : textAt(claims, tenantClaim);
    const roles = wordsOf(claimAt(claims, rolesClaim));
    return checkedIdentity({ user, tenant, roles }, this.names, BAD_BEARER);
  }

  async close(): Promise<void> {
    this.keys.close();
  }

  async #verified(token: string): Promise<JWTPayload> {
    try {
      return await this.#verifiedByOne(token);
    } catch (error) {
      if (error instanceof errors.JOSEError) throw new Unauthenticated(whyRefused(error), BAD_BEARER);
      throw error;
    }
  }

  /** A token that does not name its key is tried with each that fits. */
  async #verifiedByOne(token: string): Promise<JWTPayload> {
    try {
      return (await jwtVerify(token, this.keys.find, this.#options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      for await (const key of error) {
        try {
          return (await jwtVerify(token, key, this.#options)).payload;
        } catch (other) {
          if (!(other instanceof errors.JWSSignatureVerificationFailed)) throw other;
        }
      }
      throw new errors.JWSSignatureVerificationFailed();
    }
  }
}

/** Of a number that is large JSON makes another one, and then two users would be one: it has to be a text. */
function textAt(claims: JWTPayload, path: string): string | undefined {
  const value = claimAt(claims, path);
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw new Unauthenticated(`the claim ${path} of the token is not a text`, BAD_BEARER);
}
