import { createHash, randomBytes } from 'node:crypto';

/** It lets a scan of a repository find a token that does not belong there. */
const PREFIX = 'fairq_';

/** 256 random bits: nobody guesses them, so a plain hash keeps them safe and no slow one is needed. */
export function newToken(): string {
  return PREFIX + randomBytes(32).toString('base64url');
}

export function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
