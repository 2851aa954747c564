import { parsedObject } from '../values/parsed-object.js';
import { isClockTime, isWithin } from '../values/sane-numbers.js';

/** Messages of the stream of starts. */
export const WORKER_NOTE = 'fairq.worker-note';

/**
 * What workers write down of their lives and of what they start, so that a task which kills its worker is found
 * out. A task stands here as its key, see `keyOfTask`. Times are microseconds since the epoch.
 */
export type WorkerNote =
  /** The worker lives, and has nothing of what it noted before: it has started, or is connected again. */
  | { readonly kind: 'began'; readonly worker: string }
  /** Somebody has heard from a worker that had been taken for dead. */
  | { readonly kind: 'lives'; readonly worker: string }
  /** It has stopped in an orderly way. */
  | { readonly kind: 'ended'; readonly worker: string }
  /** Somebody has heard nothing of these for so long that they are dead, or cut off. */
  | { readonly kind: 'died'; readonly workers: readonly string[]; readonly at: number }
  /** The worker has heard nothing of these for so long, milliseconds; others before it have, for a part of that. */
  | { readonly kind: 'silent'; readonly worker: string; readonly silences: readonly Silence[] }
  /** The worker is about to start these. */
  | { readonly kind: 'starts'; readonly worker: string; readonly tasks: readonly string[] }
  /** They have ended there, in whatever way. */
  | { readonly kind: 'ends'; readonly worker: string; readonly tasks: readonly string[] }
  /** They are given up: the deaths of the workers at which they ran are theirs, and nobody else's. */
  | { readonly kind: 'guilty'; readonly worker: string; readonly tasks: readonly string[] }
  /** They have not ended, and no longer run there. */
  | { readonly kind: 'releases'; readonly worker: string; readonly tasks: readonly string[] };

export type Silence = readonly [worker: string, ms: number];

const SCHEMA = 1;
const MOST_NAMES = 10_000;
/** Who has been silent for longer has been dead for long. */
const MOST_SILENCE_MS = 86_400_000;
const ABOUT_TASKS: ReadonlySet<unknown> = new Set(['starts', 'ends', 'guilty', 'releases']);

/** A failed attempt and the next one are two messages with one id; and whoever gives ids may give one to two users. */
export function keyOfTask(queue: string, id: string, attempt: number): string {
  return `${queue} ${id} ${attempt}`;
}

export function encodeNote(note: WorkerNote): string {
  return JSON.stringify({ v: SCHEMA, ...note });
}

/** Undefined for a body that no fairq has written: anybody may publish to the stream. */
export function decodeNote(body: string): WorkerNote | undefined {
  const fields = parsedObject(body);
  const { v, kind, worker, workers, at, tasks, silences } = fields ?? {};
  if (v !== SCHEMA) return undefined;
  if (kind === 'died') return areNames(workers) && isClockTime(at) ? { kind, workers, at } : undefined;
  if (typeof worker !== 'string') return undefined;
  if (kind === 'began' || kind === 'lives' || kind === 'ended') return { kind, worker };
  if (kind === 'silent') return areSilences(silences) ? { kind, worker, silences } : undefined;
  if (!ABOUT_TASKS.has(kind) || !areNames(tasks)) return undefined;
  return { kind: kind as 'starts' | 'ends' | 'guilty' | 'releases', worker, tasks };
}

function areNames(value: unknown): value is string[] {
  return (
    Array.isArray(value) && value.length <= MOST_NAMES && value.every((item) => typeof item === 'string')
  );
}

function areSilences(value: unknown): value is Silence[] {
  return Array.isArray(value) && value.length <= MOST_NAMES && value.every(isSilence);
}

function isSilence(value: unknown): value is Silence {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    typeof value[0] === 'string' &&
    isWithin(value[1], 0, MOST_SILENCE_MS)
  );
}
