import { createPublicKey } from 'node:crypto';
import {
  type CryptoKey,
  createLocalJWKSet,
  errors,
  type FlattenedJWSInput,
  type JWK,
  type JWSHeaderParameters,
} from 'jose';
import { messageOf } from '../../../core/errors/errors.js';
import { isSymmetric, leastBytes } from './algorithms.js';

const LEAST_RSA_BITS = 2_048;
const SIGNATURE_CURVES: Readonly<Record<string, readonly string[]>> = {
  EC: ['P-256', 'P-384', 'P-521'],
  OKP: ['Ed25519'],
};

/** Finds the key of a token, or throws JWKSNoMatchingKey or JWKSMultipleMatchingKeys. */
export type FindKey = (
  header: JWSHeaderParameters,
  token: FlattenedJWSInput,
) => Promise<CryptoKey | Uint8Array>;

export interface KeySet {
  readonly find: FindKey;
  readonly size: number;
  /** Why others were left out, a text for each. */
  readonly leftOut: readonly string[];
}

/**
 * A JSON Web Key Set. Keys that cannot check a signature are left out.
 *
 * @param algorithms those that are allowed: symmetric keys count only for theirs
 * @throws Error where the text is no key set
 */
export function parseKeySet(text: string, algorithms: readonly string[]): KeySet {
  const secrets = new Secrets(algorithms.filter(isSymmetric));
  const leftOut: string[] = [];
  const publicKeys: JWK[] = [];
  for (const [index, key] of keysIn(text).entries()) {
    const isSecret = isJwk(key) && key.kty === 'oct';
    const wrong = isJwk(key) ? (isSecret ? secrets.add(key) : wrongWith(key)) : 'is not an object with "kty"';
    if (wrong !== undefined) leftOut.push(`key ${index + 1}${kidOf(key)} ${wrong}`);
    else if (!isSecret) publicKeys.push(key as JWK);
  }
  const findPublic = createLocalJWKSet({ keys: publicKeys });
  return {
    find: (header, token) =>
      isSymmetric(header.alg ?? '') ? secrets.find(header) : findPublic(header, token),
    size: publicKeys.length + secrets.size,
    leftOut,
  };
}

function keysIn(text: string): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // What the parser says shows a part of the text, which may be a key.
    throw new Error('it is not JSON', { cause });
  }
  if (typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys)) {
    return value.keys;
  }
  throw new Error('it is not a JSON Web Key Set, such as {"keys": [{"kty": "RSA", …}]}');
}

function isJwk(value: unknown): value is JWK & { kty: string } {
  return typeof value === 'object' && value !== null && 'kty' in value && typeof value.kty === 'string';
}

function kidOf(key: unknown): string {
  return isJwk(key) && typeof key.kid === 'string' ? ` (kid ${JSON.stringify(key.kid)})` : '';
}

/** Found now, so that no token finds it later. */
function wrongWith(key: JWK): string | undefined {
  if (key.use !== undefined && key.use !== 'sig') return 'is not for signatures';
  if ('d' in key) return 'is a private key: put only public keys there';
  const { kty = '', crv = '' } = key;
  if (kty !== 'RSA' && !SIGNATURE_CURVES[kty]?.includes(crv)) return 'is of a kind that is not known here';
  try {
    const { modulusLength = 0 } = createPublicKey({ key, format: 'jwk' }).asymmetricKeyDetails ?? {};
    if (kty !== 'RSA' || modulusLength >= LEAST_RSA_BITS) return undefined;
    return `is an RSA key of ${modulusLength} bits: it must have ${LEAST_RSA_BITS} at least`;
  } catch (error) {
    return `cannot be read: ${messageOf(error)}`;
  }
}

/** Keys that both sides know. `createLocalJWKSet` takes none, so that nobody mistakes a public key for one. */
class Secrets {
  readonly #keys: { readonly jwk: JWK; readonly bytes: Uint8Array }[] = [];

  constructor(private readonly allowed: readonly string[]) {}

  get size(): number {
    return this.#keys.length;
  }

  /** @returns why it is left out */
  add(jwk: JWK): string | undefined {
    if (this.allowed.length === 0) return 'is a symmetric key, and no symmetric algorithm is allowed';
    if (typeof jwk.k !== 'string' || !/^[\w-]+$/.test(jwk.k)) return 'has no "k" in base64url';
    const bytes = Buffer.from(jwk.k, 'base64url');
    const fits = this.allowed.filter((algorithm) => jwk.alg === undefined || jwk.alg === algorithm);
    if (fits.length === 0) return 'is for an algorithm that is not allowed';
    if (!fits.some((algorithm) => bytes.length >= leastBytes(algorithm))) {
      return `has ${bytes.length} bytes, and ${fits[0]} needs ${leastBytes(fits[0]!)} at least`;
    }
    this.#keys.push({ jwk, bytes });
    return undefined;
  }

  async find({ alg = '', kid }: JWSHeaderParameters): Promise<Uint8Array> {
    const found = this.#keys.filter(
      ({ jwk, bytes }) =>
        (jwk.alg === undefined || jwk.alg === alg) &&
        (kid === undefined || kid === jwk.kid) &&
        bytes.length >= leastBytes(alg),
    );
    const [first, ...more] = found;
    if (first === undefined) throw new errors.JWKSNoMatchingKey();
    if (more.length === 0) return first.bytes;
    throw Object.assign(new errors.JWKSMultipleMatchingKeys(), {
      async *[Symbol.asyncIterator]() {
        for (const { bytes } of found) yield bytes;
      },
    });
  }
}
