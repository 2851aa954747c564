import type { Connection } from '../../broker/connection/connection.js';
import { FairqError } from '../../core/errors/errors.js';
import { isFinal, type TaskState } from '../../core/events/task-state.js';
import type { Names } from '../../core/queues/names.js';
import type { Clock } from '../../core/values/clock.js';
import { deferred } from '../../core/values/deferred.js';
import { OldestKeys } from '../../core/values/oldest-keys.js';
import { TaskInquiry } from '../../run/tasks/task-inquiry.js';
import type { WorkerQuestion, WorkersWord } from '../../run/tasks/worker-question.js';
import { FairTurns } from '../http/fair-turns.js';
import { Problem } from '../http/problem.js';
import { until } from '../http/until.js';
import type { RecentTasks } from './recent-tasks.js';

/** Tasks for which the streams are read at a time, and those of one user that wait for it. */
const MOST_READ = 4;
const MOST_WAITING = 20;
/** What nobody has heard of is not looked for again so soon: what is written meanwhile is heard. */
const UNKNOWN_FOR_MS = 5_000;
const MOST_UNKNOWN = 1_000;
/** Whoever asks on behalf of the server itself; no user is called so. */
const SERVER = '';

export interface TaskStatesDeps {
  readonly connection: Connection;
  readonly names: Names;
  readonly clock: Clock;
  readonly recent: RecentTasks;
  readonly workers: WorkerQuestion;
}

/** Where tasks stand, as `fairq task` tells it: of most from what was heard lately, of others from the streams. */
export class TaskStates {
  readonly #turns = new FairTurns(MOST_READ, MOST_WAITING);
  /** Ids that nobody had heard of, and when that was. */
  readonly #unknown = new Map<string, number>();
  readonly #oldestUnknown = new OldestKeys(this.#unknown);

  constructor(private readonly deps: TaskStatesDeps) {}

  /**
   * @param asker a user: the streams are read for one of its tasks at a time
   * @throws Problem 429 where too many of its questions wait for that
   */
  async find(id: string, asker = SERVER): Promise<TaskState> {
    const { recent, clock, workers } = this.deps;
    const trail = recent.find(id);
    if (trail === undefined) return this.#read(id, asker);
    const known = trail.state({}, clock.epochMicros());
    // Its result is on its way, or is no longer kept: the streams say which.
    if (isFinal(known)) return trail.lacksResult ? this.#read(id, asker) : known;
    const word = await workers.ask(id);
    return trail.state(word, clock.epochMicros());
  }

  /** The same, without a word of the workers: what runs is `queued`. */
  async known(id: string): Promise<TaskState> {
    const { recent, clock } = this.deps;
    return recent.find(id)?.state({}, clock.epochMicros()) ?? this.#read(id, SERVER, async () => ({}));
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
    asker: string,
    askWorkers = (asked: string): Promise<WorkersWord> => this.deps.workers.ask(asked),
  ): Promise<TaskState> {
    const unknownAt = this.#unknown.get(id);
    if (unknownAt !== undefined && this.deps.clock.now() - unknownAt < UNKNOWN_FOR_MS) {
      return { id, state: 'unknown' };
    }
    const giveBack = await this.#turns.take(asker);
    if (giveBack === undefined) throw tooManyQuestions();
    try {
      const { connection, names, clock, recent } = this.deps;
      const inquiry = await TaskInquiry.open({ connection, names, clock, askWorkers }, id);
      try {
        const state = await inquiry.ask();
        if (inquiry.trail.isOnlyAnnounced) recent.adopt(inquiry.trail);
        if (state.state === 'unknown') this.#isUnknown(id);
        return state;
      } finally {
        await inquiry.close();
      }
    } catch (error) {
      if (error instanceof FairqError && error.code === 'NO_RESULTS') return { id, state: 'unknown' };
      throw error;
    } finally {
      giveBack();
    }
  }

  #isUnknown(id: string): void {
    this.#unknown.delete(id); // it goes to the end of the row
    this.#unknown.set(id, this.deps.clock.now());
    if (this.#unknown.size > MOST_UNKNOWN) this.#unknown.delete(this.#oldestUnknown.next()!);
  }
}

function tooManyQuestions(): Problem {
  const detail = 'The streams are read for one old task of a user at a time.';
  return new Problem(429, 'too-many-questions', 'Too many ask for old tasks', detail, {
    retryAfterSeconds: 2,
  });
}
