import { isClockTime, isWithin, MOST_ATTEMPTS } from '../../core/values/sane-numbers.js';

/** The question what runs; every worker answers. */
export interface RunningQuestion {
  readonly kind: 'running';
  /** Unique to the question. */
  readonly request: string;
  /** Only what runs for at least so long; milliseconds. */
  readonly longerThanMs: number;
  /** At the most so many tasks in an answer, those that have run for longest. */
  readonly limit: number;
}

/** A worker's answer to `running`. */
export interface RunningAnswer {
  readonly kind: 'all-running';
  /** That of the question. */
  readonly request: string;
  /** Its id; `name` is for people. */
  readonly worker: string;
  readonly name: string;
  /** How many tasks run there for so long, told or not. */
  readonly total: number;
  readonly tasks: readonly ToldTask[];
}

/** Times are microseconds since the epoch. */
export interface ToldTask {
  readonly id: string;
  readonly user: string;
  readonly run: string;
  /** The name of its handler. */
  readonly type: string;
  readonly attempt: number;
  readonly enqueued: number;
  readonly started: number;
}

/** Keeps an answer in one message of a size that every broker takes. */
export const MOST_TOLD = 1_000;
const LONGEST_MS = 10 * 366 * 24 * 3_600_000;
const MOST_SLOTS = 1_000_000;
/** A user or a name of a foreign message may be as long as its sender likes. */
const TOLD_CHARACTERS = 255;

export function toldText(text: string): string {
  return text.slice(0, TOLD_CHARACTERS);
}

/** Undefined for what no fairq would ask. */
export function decodeQuestion(value: object): RunningQuestion | undefined {
  const { request, longerThanMs, limit } = value as Record<string, unknown>;
  if (!isToldText(request) || request === '') return undefined;
  if (!isWithin(longerThanMs, 0, LONGEST_MS) || !isWithin(limit, 0, MOST_TOLD)) return undefined;
  return { kind: 'running', request, longerThanMs, limit };
}

/** Undefined for what no fairq would answer. */
export function decodeRunningAnswer(value: object): RunningAnswer | undefined {
  const { request, worker, name, total, tasks } = value as Record<string, unknown>;
  if (!isToldText(request) || !isToldText(worker) || !isToldText(name) || !isWithin(total, 0, MOST_SLOTS))
    return undefined;
  if (!Array.isArray(tasks) || tasks.length > MOST_TOLD) return undefined;
  const told: ToldTask[] = [];
  for (const task of tasks as unknown[]) {
    const found = decodeTold(task);
    if (found === undefined) return undefined;
    told.push(found);
  }
  return { kind: 'all-running', request, worker, name, total, tasks: told };
}

function decodeTold(value: unknown): ToldTask | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, user, run, type, attempt, enqueued, started } = value as Record<string, unknown>;
  if (!isToldText(id) || !isToldText(user) || !isToldText(run) || !isToldText(type)) return undefined;
  if (!isWithin(attempt, 1, MOST_ATTEMPTS) || !isClockTime(enqueued) || !isClockTime(started))
    return undefined;
  return { id, user, run, type, attempt, enqueued, started };
}

/** What a worker may tell of a user or a name. */
export function isToldText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= TOLD_CHARACTERS;
}
