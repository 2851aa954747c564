import { readFileSync } from 'node:fs';
import { messageOf, usageError } from '../../errors.js';

export interface PayloadFlags {
  readonly duration: number | undefined;
  readonly size: number | undefined;
  readonly payload: string | undefined;
}

export interface FixedPayload {
  readonly payload: Buffer;
  readonly contentType: string;
}

/** What a task carries when nothing else is asked for, in bytes. */
const DEFAULT_SIZE = 128;

/**
 * The payload that all tasks of a load share: given text or file; else what the built-in tasks read,
 * `{"durationMs": …}`, filled up with spaces, which JSON allows; else so many bytes.
 */
export function fixedPayload(flags: PayloadFlags): FixedPayload {
  const { duration, size, payload } = flags;
  if (payload !== undefined) {
    if (duration !== undefined || size !== undefined) {
      throw usageError('PAYLOAD_TWICE', '--payload excludes --duration and --size', {
        hint: 'Put the duration into the payload, as {"durationMs": 5}.',
      });
    }
    const bytes = payload.startsWith('@') ? readPayload(payload.slice(1)) : Buffer.from(payload);
    return { payload: bytes, contentType: isJson(bytes) ? 'application/json' : 'application/octet-stream' };
  }
  if (duration !== undefined) {
    const json = JSON.stringify({ durationMs: duration });
    return { payload: Buffer.from(json.padEnd(size ?? 0)), contentType: 'application/json' };
  }
  return { payload: Buffer.alloc(size ?? DEFAULT_SIZE, 'x'), contentType: 'application/octet-stream' };
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
    JSON.parse(bytes.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
