import type { AboutTask, TaskEvent } from './task-event.js';
import type { TaskResult } from './task-result.js';

/**
 * Where a task stands. `queued`: sent, and not started yet; `retrying`: it failed, and waits for its next attempt;
 * `expired`: it is done, and its result is no longer kept; `unknown`: nobody has heard of it.
 */
export type TaskStateName = 'queued' | 'started' | 'retrying' | 'done' | 'failed' | 'expired' | 'unknown';

/** Times are microseconds since the Unix epoch; what is not known is not there. */
export interface TaskState {
  readonly id: string;
  readonly state: TaskStateName;
  readonly user?: string;
  readonly run?: string;
  /** Its name. */
  readonly task?: string;
  /** That it was sent to. */
  readonly queue?: string;
  readonly attempt?: number;
  readonly worker?: string;
  readonly enqueued?: number;
  readonly started?: number;
  readonly finished?: number;
  /** What its handler returned; null too where it returned nothing. A `WrittenJson` is to be shown as it is. */
  readonly result?: unknown;
  /** The same, of bytes that are no text. */
  readonly resultBase64?: string;
  /** There was a result, and why it could not be kept. */
  readonly resultDropped?: string;
  readonly error?: string;
  /** It was sent to start then, and not before. */
  readonly due?: number;
  /** When its next attempt is due. */
  readonly retryAt?: number;
  readonly expires?: number;
  /** Of its last attempt: where its sender's trace goes on. */
  readonly traceparent?: string;
  /** Of a queued task: a worker has it, and lets it wait. */
  readonly heldBack?: HeldBack;
}

/** A worker that had started the task is gone, and may have died of it. */
export interface HeldBack {
  /** That has it now. */
  readonly worker: string;
  readonly since: number;
  /** From then on it waits for a slot and for those ahead, and for nothing else. */
  readonly until: number;
  /** Others of its kind that may go before it, one at a time. */
  readonly ahead: number;
  /** Workers that died while it ran; not there while it is not known whether the last one has. */
  readonly deaths?: number;
}

/** A worker's word that it runs the task now. */
export interface Running {
  readonly worker: string;
  readonly attempt: number;
  readonly started: number;
  readonly user: string;
  readonly run: string;
  readonly enqueued: number;
}

/** A worker's word that it has the task and holds it back. */
export interface Held extends Omit<Running, 'started'> {
  readonly heldBack: HeldBack;
}

/** All but `sent` is there only where all tasks of its publisher have it in common, or it was said of this one. */
export interface Announced extends AboutTask {
  /** By its id, or when its publisher said so; microseconds since the epoch. */
  readonly sent: number | undefined;
}

/** What has been heard of one task. */
export interface TaskTraces {
  readonly id: string;
  /** What its publisher said of it before it was sent; undefined where none has said that it has such ids. */
  readonly announced: Announced | undefined;
  /** It was sent once more after all of the events. */
  readonly isSentAgain: boolean;
  readonly events: readonly TaskEvent[];
  readonly results: readonly TaskResult[];
  readonly running: Running | undefined;
  readonly held: Held | undefined;
}

/** Whether nothing more becomes of it by itself. */
export function isFinal({ state }: Pick<TaskState, 'state'>): boolean {
  return state === 'done' || state === 'failed' || state === 'expired';
}

/**
 * The same task may be there twice, and run twice: the later attempt of the last run counts, and of the same attempt
 * what was written last.
 *
 * @param now microseconds since the epoch
 */
export function stateOf(traces: TaskTraces, now: number): TaskState {
  const { sent, ...said } = traces.announced ?? {};
  const state = { ...said, ...given(stateByEvents(traces, now)) } as TaskState;
  return state.enqueued === undefined && sent !== undefined ? { ...state, enqueued: sent } : state;
}

function stateByEvents(
  { id, announced, isSentAgain, events, results, running, held }: TaskTraces,
  now: number,
): TaskState {
  const last = lastAttempt(events);
  if (running !== undefined && running.attempt > (last?.attempt ?? 0))
    return { id, state: 'started', ...running };
  if (held !== undefined && held.attempt > (last?.attempt ?? 0)) {
    const { worker: _, ...about } = held;
    return { id, state: 'queued', ...about };
  }
  if (last === undefined) return { id, state: announced === undefined ? 'unknown' : 'queued' };
  const { user, run, attempt, worker, enqueued, started, finished, traceparent } = last;
  if (isSentAgain) {
    return { id, state: 'queued', user: announced?.user ?? user, run: announced?.run ?? run };
  }
  const about = { id, user, run, attempt, worker, enqueued, started, finished, ...given({ traceparent }) };
  const kept = results.findLast((result) => isOf(result, last));
  const found = kept !== undefined && kept.expires > now ? kept : undefined;
  switch (last.outcome) {
    case 'retrying': {
      const retryAt = kept?.retryAfterMs === undefined ? undefined : finished + kept.retryAfterMs * 1000;
      return { ...about, state: 'retrying', ...given({ error: found?.error, retryAt }) };
    }
    case 'failed':
      return { ...about, state: 'failed', ...given({ error: found?.error, expires: found?.expires }) };
    case 'done':
      if (!last.hasResult) return { ...about, state: 'done', result: null };
      if (found === undefined) return { ...about, state: 'expired', ...given({ expires: kept?.expires }) };
      return { ...about, state: 'done', ...resultIn(found), expires: found.expires };
  }
}

/** Whether the result is what became of that attempt: of one id there may be several runs. */
export function isOf({ attempt, outcome, finished }: TaskResult, event: TaskEvent): boolean {
  return attempt === event.attempt && outcome === event.outcome && finished === event.finished;
}

/** What a kept result says, by the names under which it is shown. */
export function resultIn({
  value,
  base64,
  dropped,
}: TaskResult): Pick<TaskState, 'result' | 'resultBase64' | 'resultDropped'> {
  if (base64 !== undefined) return { resultBase64: base64 };
  return dropped === undefined ? { result: value ?? null } : { resultDropped: dropped };
}

function lastAttempt(events: readonly TaskEvent[]): TaskEvent | undefined {
  let last: TaskEvent | undefined;
  for (const event of events) {
    if (last === undefined || event.run !== last.run || event.attempt >= last.attempt) last = event;
  }
  return last;
}

type Given<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

/** Without what is undefined. */
function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;
}
