import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { messageOf, usageError } from '../../core/errors/errors.js';
import type { DurationRange } from '../../core/values/quantities.js';
import type { Random } from '../../core/values/random.js';

export interface PayloadFlags {
  readonly duration: DurationRange | undefined;
  readonly size: number | undefined;
  readonly payload: string | undefined;
}

export interface TaskPayload {
  readonly payload: Buffer;
  readonly contentType: string;
}

/** What a task carries when nothing else is asked for, in bytes. */
const DEFAULT_SIZE = 128;

/**
 * What the tasks of a load carry: given text or file; else what the built-in tasks read,
 * `{"durationMs": …}`, filled up with spaces, which JSON allows; else so many bytes. Where durations
 * differ each call draws another.
 */
export function payloadsFrom(flags: PayloadFlags, random: Random): () => TaskPayload {
  const { duration, size, payload } = flags;
  if (payload !== undefined) {
    if (duration !== undefined || size !== undefined) {
      throw usageError('PAYLOAD_TWICE', '--payload excludes --duration and --size', {
        hint: 'Put the duration into the payload, as {"durationMs": 5}.',
      });
    }
    const bytes = payload.startsWith('@') ? readPayload(payload.slice(1)) : Buffer.from(payload);
    return always(bytes, isJson(bytes) ? 'application/json' : 'application/octet-stream');
  }
  if (duration !== undefined) {
    const { least, most } = duration;
    const withDuration = (durationMs: number) =>
      Buffer.from(JSON.stringify({ durationMs }).padEnd(size ?? 0));
    if (least === most) return always(withDuration(least), 'application/json');
    return () => ({
      payload: withDuration(Math.round((least + random() * (most - least)) * 1000) / 1000),
      contentType: 'application/json',
    });
  }
  return always(Buffer.alloc(size ?? DEFAULT_SIZE, 'x'), 'application/octet-stream');
}

function always(payload: Buffer, contentType: string): () => TaskPayload {
  const one = { payload, contentType };
  return () => one;
}

function readPayload(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw usageError('PAYLOAD_NOT_READ', `the payload file ${file} cannot be read: ${messageOf(error)}`, {
      hint: 'Name a file after the @, or leave the @ away for a text.',
      cause: error,
    });
  }
}

function isJson(bytes: Buffer): boolean {
  try {
    if (!isUtf8(bytes)) return false;
    JSON.parse(bytes.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
