/** Each is signed with a private key, and checked with a public one. */
export const ASYMMETRIC: readonly string[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** The bits of their hash, which the key must have at least (RFC 7518, 3.2). */
const SYMMETRIC_BITS: Readonly<Record<string, number>> = { HS256: 256, HS384: 384, HS512: 512 };

export function isSymmetric(algorithm: string): boolean {
  return Object.hasOwn(SYMMETRIC_BITS, algorithm);
}

export function leastBytes(algorithm: string): number {
  return (SYMMETRIC_BITS[algorithm] ?? 0) / 8;
}

export function isAlgorithm(name: string): boolean {
  return ASYMMETRIC.includes(name) || isSymmetric(name);
}
