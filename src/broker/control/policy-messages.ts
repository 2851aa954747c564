import { isClockTime, isWithin } from '../../core/values/sane-numbers.js';

/** The question who goes by this revision of the policy; a worker answers with `goes-by` as soon as it does, or by a newer one. */
export interface PolicyQuestion {
  readonly kind: 'policy-asked';
  /** Unique to the question. */
  readonly request: string;
  readonly revision: number;
}

/** A worker goes by this revision: nothing that was set before counts there any more. */
export interface GoesBy {
  readonly kind: 'goes-by';
  /** Its id; `name` is for people. */
  readonly worker: string;
  readonly name: string;
  readonly revision: number;
  /** Users that are paused, or whose tenants are, and of whom tasks still run there. */
  readonly paused: readonly PausedUser[];
  /** False: what is set for tenants counts for nothing there, since it does not know whom its users belong to. */
  readonly tenants?: false;
}

export interface PausedUser {
  readonly user: string;
  /** Those that have run for longest. */
  readonly running: readonly StillRunning[];
  /** How many run, told or not. */
  readonly total: number;
}

export interface StillRunning {
  readonly id: string;
  /** Microseconds since the epoch. */
  readonly started: number;
}

/** Of one user so many tasks are told. */
export const MOST_STILL_RUNNING = 20;
/** Keeps an answer in one message of a size that every broker takes. */
export const MOST_PAUSED_USERS = 200;
const MOST_SLOTS = 1_000_000;
const MOST_CHARACTERS = 255;

/** Undefined for what no fairq would ask. */
export function decodePolicyQuestion(value: object): PolicyQuestion | undefined {
  const { request, revision } = value as Record<string, unknown>;
  return isText(request) && isRevision(revision) ? { kind: 'policy-asked', request, revision } : undefined;
}

/** Undefined for what no fairq would answer. */
export function decodeGoesBy(value: object): GoesBy | undefined {
  const { worker, name, revision, paused, tenants } = value as Record<string, unknown>;
  if (!isText(worker) || !isText(name) || !isRevision(revision)) return undefined;
  if (!Array.isArray(paused) || paused.length > MOST_PAUSED_USERS) return undefined;
  const users = paused.map(decodePaused);
  if (!users.every((user) => user !== undefined)) return undefined;
  const said: GoesBy = { kind: 'goes-by', worker, name, revision, paused: users };
  return tenants === false ? { ...said, tenants } : said;
}

export function isRevision(value: unknown): value is number {
  return isWithin(value, 0, Number.MAX_SAFE_INTEGER);
}

function decodePaused(value: unknown): PausedUser | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { user, running, total } = value as Record<string, unknown>;
  if (!isText(user) || !isWithin(total, 0, MOST_SLOTS)) return undefined;
  if (!Array.isArray(running) || running.length > MOST_STILL_RUNNING) return undefined;
  const tasks = running.map(decodeRunning);
  return tasks.every((task) => task !== undefined) ? { user, running: tasks, total } : undefined;
}

function decodeRunning(value: unknown): StillRunning | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, started } = value as Record<string, unknown>;
  return isText(id) && isClockTime(started) ? { id, started } : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MOST_CHARACTERS;
}
