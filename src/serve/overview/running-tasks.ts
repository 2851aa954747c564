import type { Connection } from '../../broker/connection/connection.js';
import { ReconnectingChannel } from '../../broker/connection/reconnecting-channel.js';
import { within } from '../../broker/connection/within.js';
import { announce, type CensusAnswer } from '../../broker/control/control.js';
import type { Names } from '../../core/queues/names.js';
import { deferred } from '../../core/values/deferred.js';
import type { WorkersHeard } from './workers-heard.js';

/** A worker that is not blocked by a task has answered by then. */
const ANSWER_WITHIN_MS = 1_000;

export interface RunningTasksDeps {
  /** One that tasks are sent on: to ask is to publish, and under an alarm nothing more of it is read. */
  readonly connection: Connection;
  readonly names: Names;
  readonly newId: () => string;
  readonly workers: WorkersHeard;
}

/** What one worker says of its own tasks. */
export interface TasksOfWorker {
  readonly running: number;
  /** Delivered to it, and not started. */
  readonly prefetched: number;
}

export const NO_TASKS = { running: 0, prefetched: 0 };

/** Of one user, at all workers. */
export interface TasksOfUser {
  readonly running: number;
  readonly prefetched: number;
}

export interface CountedTasks {
  /** By user; undefined where a worker does not answer, or none may be asked. */
  readonly byUser: ReadonlyMap<string, TasksOfUser> | undefined;
  /** By the id of each worker that has answered. */
  readonly byWorker: ReadonlyMap<string, TasksOfWorker>;
}

/** Asks the workers how many tasks of each user run there, and wait there. */
export class RunningTasks {
  #channel: Promise<ReconnectingChannel> | undefined;

  constructor(private readonly deps: RunningTasksDeps) {}

  async count(): Promise<CountedTasks> {
    const { connection, workers } = this.deps;
    const byWorker = new Map<string, TasksOfWorker>();
    const unknown = { byUser: undefined, byWorker };
    if (!workers.isComplete || !connection.isConnected || connection.blocked) return unknown;
    const awaited = new Set(workers.ids);
    const byUser = new Map<string, TasksOfUser>();
    if (awaited.size === 0) return { byUser, byWorker };
    const request = this.deps.newId();
    const all = deferred<true>();
    const end = workers.onCensus((answer) => {
      if (answer.request !== request || !awaited.delete(answer.worker)) return;
      addTo(byUser, answer);
      byWorker.set(answer.worker, tasksOf(answer));
      if (awaited.size === 0) all.resolve(true);
    });
    try {
      const { current } = await this.#open();
      if (current === undefined) return unknown;
      announce(current, this.deps.names, { kind: 'census', request });
      const isAll = await within(ANSWER_WITHIN_MS, all.promise);
      return isAll ? { byUser, byWorker } : unknown;
    } catch {
      return unknown; // the channel went with its connection, or nobody may ask
    } finally {
      end();
    }
  }

  async close(): Promise<void> {
    (await this.#channel?.catch(() => undefined))?.close();
  }

  /** After a failure the next question opens another. */
  #open(): Promise<ReconnectingChannel> {
    const again = () => {
      this.#channel = undefined;
    };
    this.#channel ??= ReconnectingChannel.open(
      () => this.deps.connection.channel(),
      async () => {},
      { onFailure: again },
    );
    this.#channel.catch(again);
    return this.#channel;
  }
}

function addTo(counts: Map<string, TasksOfUser>, { tasks }: CensusAnswer): void {
  for (const { user, running, ended, prefetched } of tasks) {
    if (running === ended && prefetched === 0) continue;
    const before = counts.get(user) ?? NO_TASKS;
    counts.set(user, {
      running: before.running + running - ended,
      prefetched: before.prefetched + prefetched,
    });
  }
}

function tasksOf({ tasks }: CensusAnswer): TasksOfWorker {
  const sum = (of: 'running' | 'ended' | 'prefetched') => tasks.reduce((total, row) => total + row[of], 0);
  return { running: sum('running') - sum('ended'), prefetched: sum('prefetched') };
}
