import type { Connection } from '../../broker/connection/connection.js';
import { FairqError } from '../../core/errors/errors.js';
import { isFinal, type TaskState } from '../../core/events/task-state.js';
import type { Names } from '../../core/queues/names.js';
import type { Clock } from '../../core/values/clock.js';
import { deferred } from '../../core/values/deferred.js';
import { TaskInquiry } from '../../run/tasks/task-inquiry.js';
import type { WorkerQuestion, WorkersWord } from '../../run/tasks/worker-question.js';
import { Problem } from '../http/problem.js';
import { until } from '../http/until.js';
import type { RecentTasks } from './recent-tasks.js';

/** Streams that are read for one task at a time, and questions that wait for it. */
const MOST_READ = 4;
const MOST_WAITING = 200;

export interface TaskStatesDeps {
  readonly connection: Connection;
  readonly names: Names;
  readonly clock: Clock;
  readonly recent: RecentTasks;
  readonly workers: WorkerQuestion;
}

/** Where tasks stand, as `fairq task` tells it: of most from what was heard lately, of others from the streams. */
export class TaskStates {
  #reading = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(private readonly deps: TaskStatesDeps) {}

  /** @throws Problem 503 where too many ask for tasks that the streams have to be read for */
  async find(id: string): Promise<TaskState> {
    const { recent, clock, workers } = this.deps;
    const trail = recent.find(id);
    if (trail === undefined) return this.#read(id);
    const known = trail.state({}, clock.epochMicros());
    // Its result is on its way, or is no longer kept: the streams say which.
    if (isFinal(known)) return trail.lacksResult ? this.#read(id) : known;
    const word = await workers.ask(id);
    return trail.state(word, clock.epochMicros());
  }

  /** The same, without a word of the workers: what runs is `queued`. */
  async known(id: string): Promise<TaskState> {
    const { recent, clock } = this.deps;
    return recent.find(id)?.state({}, clock.epochMicros()) ?? this.#read(id, async () => ({}));
  }

  /**
   * Where it stands when it has ended; undefined where it has not within the time, or before one of the signals. Nobody
   * is asked.
   */
  async ended(id: string, ms: number, signals: readonly AbortSignal[]): Promise<TaskState | undefined> {
    const end = deferred<TaskState | undefined>();
    const look = () => {
      const trail = this.deps.recent.find(id);
      const state = trail?.state({}, this.deps.clock.epochMicros());
      if (state !== undefined && isFinal(state) && !trail?.lacksResult) end.resolve(state);
    };
    const unwatch = this.deps.recent.watch(id, look);
    look();
    const forget = until(ms, signals, () => end.resolve(undefined));
    try {
      return await end.promise;
    } finally {
      unwatch();
      forget();
    }
  }

  async #read(
    id: string,
    askWorkers = (asked: string): Promise<WorkersWord> => this.deps.workers.ask(asked),
  ): Promise<TaskState> {
    await this.#turn();
    try {
      const { connection, names, clock, recent } = this.deps;
      const inquiry = await TaskInquiry.open({ connection, names, clock, askWorkers }, id);
      try {
        const state = await inquiry.ask();
        if (inquiry.trail.isOnlyAnnounced) recent.adopt(inquiry.trail);
        return state;
      } finally {
        await inquiry.close();
      }
    } catch (error) {
      if (error instanceof FairqError && error.code === 'NO_RESULTS') return { id, state: 'unknown' };
      throw error;
    } finally {
      this.#reading--;
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    if (this.#reading >= MOST_READ) {
      if (this.#waiting.length >= MOST_WAITING) {
        throw new Problem(503, 'too-many-questions', 'Too many ask for old tasks', undefined, {
          retryAfterSeconds: 2,
        });
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#reading++;
  }
}
