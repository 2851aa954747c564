import type { FoundDeadLetter, ListedDeadLetter } from '../../run/dead/dead-letters.js';
import { timeOf } from '../http/times.js';
import { type DeadLetterView, MOST_TEXT, type WholeLetter } from './dead-views.js';

export function letterView(letter: ListedDeadLetter): DeadLetterView {
  const { id, type, user, run, queue, attempts, reason, firstStartAt, lastEndAt, bytes } = letter;
  return {
    id,
    task: type,
    user: user ?? null,
    run: run ?? null,
    queue: queue ?? null,
    attempts: attempts ?? null,
    reason: reason ?? null,
    firstStartAt: timeOf(firstStartAt),
    lastEndAt: timeOf(lastEndAt),
    bytes,
  };
}

export function wholeView({ letter, contentType, headers, payload }: FoundDeadLetter): WholeLetter {
  const text = utf8(payload);
  return {
    ...letterView(letter),
    stack: letter.stack ?? null,
    contentType,
    headers: told(headers, 0) as Record<string, unknown>,
    payload: text?.slice(0, MOST_TEXT) ?? null,
    payloadCut: (text?.length ?? 0) > MOST_TEXT,
  };
}

/** What a file with the payload is called: the id may be anything, so no more of it is left than any system takes. */
export function payloadFileName({ letter, contentType, payload }: FoundDeadLetter): string {
  const id = letter.id.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 64);
  const isJson = /^application\/(?:[\w.-]+\+)?json\b/.test(contentType);
  const ending = utf8(payload) === undefined ? 'bin' : isJson ? 'json' : 'txt';
  return `dead-letter-${id}.${ending}`;
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const MOST_DEPTH = 50;

/** A header as JSON has it. */
function told(value: unknown, depth: number): unknown {
  if (depth > MOST_DEPTH) return '…';
  if (value instanceof Uint8Array) return utf8(value) ?? `${value.length} bytes`;
  if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value)))
    return String(value);
  if (Array.isArray(value)) return value.map((item) => told(item, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, told(item, depth + 1)]));
}
