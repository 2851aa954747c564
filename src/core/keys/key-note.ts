import { isClockTime } from '../values/sane-numbers.js';
import { DIGEST_BYTES, KEY_BYTES } from './key-table.js';

/**
 * What servers write of requests with a key, a JSON object a line, a few lines a message. The order of the stream says
 * who was first. Keys and digests are base64url.
 *
 *     {"kind":"claim","key","digest","by","at","ttl"}   `by` begins to carry it out; `after`: since that one has not
 *     {"kind":"sent","key","digest","by","at","ttl"}    its task was confirmed
 *     {"kind":"free","key","by"}                        nothing was sent: it may be begun anew
 */
export const KEY_NOTES = 'fairq.keys';

export type KeyNote = KeyClaim | (Omit<KeyClaim, 'kind' | 'after'> & { readonly kind: 'sent' }) | KeyFree;

export interface KeyClaim {
  readonly kind: 'claim';
  readonly key: string;
  readonly digest: string;
  /** A server, by its id. */
  readonly by: string;
  /** When the request came first; milliseconds since the epoch. */
  readonly at: number;
  /** For so long it counts; milliseconds. */
  readonly ttl: number;
  /** The server that has begun it before, and has gone or does not know what became of it. */
  readonly after?: string;
}

export interface KeyFree {
  readonly kind: 'free';
  readonly key: string;
  readonly by: string;
}

/** Undefined for a line that no version of fairq has written. */
export function readKeyNote(line: string): KeyNote | undefined {
  let note: unknown;
  try {
    note = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof note !== 'object' || note === null) return undefined;
  const { kind, key, digest, by, at, ttl, after } = note as Record<string, unknown>;
  if (!isBase64(key, KEY_BYTES) || typeof by !== 'string') return undefined;
  if (kind === 'free') return { kind, key, by };
  if (kind !== 'claim' && kind !== 'sent') return undefined;
  if (!isBase64(digest, DIGEST_BYTES) || !isMilliseconds(at) || !isMilliseconds(ttl)) return undefined;
  if (kind === 'sent') return { kind, key, digest, by, at, ttl };
  return { kind, key, digest, by, at, ttl, ...(typeof after === 'string' && { after }) };
}

function isBase64(value: unknown, bytes: number): value is string {
  return typeof value === 'string' && /^[\w-]+$/.test(value) && value.length === Math.ceil((bytes * 4) / 3);
}

function isMilliseconds(value: unknown): value is number {
  return typeof value === 'number' && isClockTime(value * 1000);
}
