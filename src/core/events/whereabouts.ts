import { idSeries } from '../message/task-id.js';
import type { PublishedIds, RunRecord, TaskEvent } from './task-event.js';

/** Of tasks that were published and have not completed: how many are where. */
export interface Whereabouts {
  /** In a queue, or prefetched by a worker. */
  readonly waiting: number;
  readonly running: number;
  /** They failed, and wait for their next attempt. */
  readonly retrying: number;
  /** Nowhere. */
  readonly missing: number;
  /** They may be in a queue with tasks of other runs, in one that is down, or at a worker that did not answer; or they are missing. */
  readonly unknown: number;
}

export const NOWHERE: Whereabouts = { waiting: 0, running: 0, retrying: 0, missing: 0, unknown: 0 };

/** Of one user: published and not completed, and those of them of which a failed attempt was the last that was heard. */
export interface Outstanding {
  readonly tasks: number;
  readonly retrying: number;
}

/** What one worker has of one user and run, not yet written down as completed. */
export interface TasksAtWorker {
  readonly run: string;
  readonly user: string;
  /** They run, or have ended. */
  readonly running: number;
  /** Those of them that have ended, and are not written down as completed yet; 0 of older workers. */
  readonly ended: number;
  readonly prefetched: number;
  /** In its care until their next attempt is due. */
  readonly retrying: number;
}

/** Where tasks were found, before the events were read that say which of them have completed. */
export interface FoundTasks {
  /** Ready in the queue of each user, of whatever run. */
  readonly ready: ReadonlyMap<string, number>;
  /** Ready in queues that several users share, and that the run was sent to. */
  readonly shared: number;
  /** Ready in the queues in which tasks wait for their next attempt; null where these are not known. */
  readonly retry: number | null;
  readonly atWorkers: readonly TasksAtWorker[];
  /** Every worker has said what it has. */
  readonly allAnswered: boolean;
}

/**
 * Says where the tasks of a run are. A queue says how many tasks it has and not of which run: where others may
 * have tasks in it, and it has not enough for all of them, it is unknown whose are missing.
 *
 * @param ofOthers how many tasks of a user other runs may have in queues; Infinity where that is not known
 */
export function whereaboutsOf(
  outstanding: ReadonlyMap<string, Outstanding>,
  { ready, shared, retry, atWorkers, allAnswered }: FoundTasks,
  isOfRun: (run: string) => boolean,
  ofOthers: (user: string) => number,
): Map<string, Whereabouts> {
  const held = new Map<string, { running: number; prefetched: number; retrying: number }>();
  for (const one of atWorkers) {
    if (!isOfRun(one.run)) continue;
    const sums = held.get(one.user) ?? { running: 0, prefetched: 0, retrying: 0 };
    sums.running += one.running;
    sums.prefetched += one.prefetched;
    sums.retrying += one.retrying;
    held.set(one.user, sums);
  }
  let sharedLeft = shared;
  let retryLeft = retry ?? Number.POSITIVE_INFINITY;
  const found = new Map<string, Whereabouts>();
  for (const [user, { tasks, retrying: failedBefore }] of outstanding) {
    const here = held.get(user) ?? { running: 0, prefetched: 0, retrying: 0 };
    let left = tasks;
    const take = (atMost: number) => {
      const taken = Math.max(0, Math.min(left, atMost));
      left -= taken;
      return taken;
    };
    const running = take(here.running);
    const prefetched = take(here.prefetched);
    const inCare = take(here.retrying);
    const inRetryQueues = take(Math.min(failedBefore - inCare, retryLeft));
    retryLeft -= inRetryQueues;
    const inQueue = ready.get(user) ?? 0;
    const sure = take(inQueue - ofOthers(user));
    const unsure = take(inQueue - sure);
    const inShared = take(sharedLeft);
    sharedLeft -= inShared;
    const missing = allAnswered ? left : 0;
    found.set(user, {
      waiting: prefetched + sure + inShared,
      running,
      retrying: inCare + inRetryQueues,
      missing,
      unknown: unsure + left - missing,
    });
  }
  return found;
}

/** Says of these users that it is unknown where tasks are that were found nowhere: a queue that may have them does not answer. */
export function unknownInsteadOfMissing(
  found: ReadonlyMap<string, Whereabouts>,
  users: ReadonlySet<string>,
): ReadonlyMap<string, Whereabouts> {
  return new Map(
    [...found].map(([user, where]) => {
      const { missing, unknown } = where;
      return [user, users.has(user) ? { ...where, missing: 0, unknown: unknown + missing } : where];
    }),
  );
}

/** What other runs may have in queues: what their publishers say, less what has completed. */
export class OtherRuns {
  readonly #left = new Map<string, number>();
  readonly #records = new Set<string>();
  /** Completed tasks that were delivered more than once. */
  readonly redelivered = new Set<string>();
  readonly #seen = new Set<string>();
  /** Series of ids of publishers that have not said yet what they sent, and when they last spoke. */
  readonly #atWork = new Map<string, number>();

  /**
   * @param maybeTwice ids of completed tasks that were delivered more than once, by an earlier look: each of them counts
   *   once. One that is not among them counts for nothing, for it may have completed before.
   */
  constructor(private readonly maybeTwice: ReadonlySet<string> = new Set()) {}

  add({ id, run, user, outcome, redelivered }: TaskEvent): void {
    if (outcome === 'retrying') return;
    const key = redelivered || this.maybeTwice.size > 0 ? `${run} ${id}` : '';
    if (redelivered) this.redelivered.add(key);
    if (this.maybeTwice.has(key)) {
      if (this.#seen.has(key)) return;
      this.#seen.add(key);
    } else if (redelivered) {
      return;
    }
    this.#count(user, -1);
  }

  addRecord({ record, tasks }: RunRecord): void {
    if (this.#records.has(record)) return;
    this.#records.add(record);
    for (const [user, count] of tasks) this.#count(user, count);
  }

  publisherSpoke({ series, at, ended }: PublishedIds): void {
    if (series !== undefined && ended === true) this.#atWork.delete(series);
    else if (series !== undefined && at !== undefined) this.#atWork.set(series, at);
  }

  /** A record has an id of its publisher's making in its name. */
  publisherEnded({ record }: RunRecord): void {
    const series = idSeries(record.split('.', 1)[0] ?? '');
    if (series !== undefined) this.#atWork.delete(series);
  }

  /** @param since publishers that have not spoken since then are not at work any more */
  ofUser(user: string, since: number): number {
    const left = this.#left.get(user) ?? 0;
    for (const at of this.#atWork.values()) if (at >= since) return Number.POSITIVE_INFINITY;
    // More completed than anybody says was sent: there are publishers that say nothing.
    return left < 0 ? Number.POSITIVE_INFINITY : left;
  }

  #count(user: string, change: number): void {
    this.#left.set(user, (this.#left.get(user) ?? 0) + change);
  }
}
