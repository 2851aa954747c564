import { type Connection, replyCode } from '../../broker/connection/connection.js';
import { within } from '../../broker/connection/within.js';
import { type StreamOffset, StreamReader } from '../../broker/streams/stream-reader.js';
import { usageError } from '../../core/errors/errors.js';
import {
  COMPLETIONS,
  decodeCompletions,
  decodePublishedIds,
  PUBLISHED_IDS,
} from '../../core/events/event-codec.js';
import { RESULTS, readResultLine } from '../../core/events/task-result.js';
import { isFinal, type TaskState } from '../../core/events/task-state.js';
import { idSeries, idTime } from '../../core/message/task-id.js';
import type { Names } from '../../core/queues/names.js';
import type { Clock } from '../../core/values/clock.js';
import { deferred } from '../../core/values/deferred.js';
import { TaskTrail } from './task-trail.js';
import type { WorkersWord } from './worker-question.js';

/** A publisher says which ids are its own once a minute; clocks differ. Reading begins so long before an id was made. */
const READ_BEFORE_MS = 10 * 60_000;

export interface TaskInquiryDeps {
  readonly connection: Connection;
  readonly names: Names;
  readonly clock: Clock;
  /** Who has it now, by the workers' own word. */
  readonly askWorkers: (id: string) => Promise<WorkersWord>;
}

/**
 * Finds out where a task stands. What has ended is in the streams of events and results; what runs is known to its
 * worker alone, who is asked; a task that nobody has started is known by its id, which is one of a publisher's.
 */
export class TaskInquiry {
  readonly #trail: TaskTrail;
  #eventReader: StreamReader | undefined;
  #resultReader: StreamReader | undefined;
  #word: WorkersWord = {};
  #news = deferred();
  readonly #failed = deferred<never>();
  /** The id as it stands in JSON: most messages need not be parsed to know that they are about others. */
  readonly #text: string;
  readonly #series: string | undefined;

  private constructor(
    private readonly deps: TaskInquiryDeps,
    private readonly id: string,
  ) {
    this.#trail = new TaskTrail(id);
    this.#text = JSON.stringify(id);
    this.#series = idSeries(id);
    this.#failed.promise.catch(() => {}); // whoever looks is told
  }

  static async open(deps: TaskInquiryDeps, id: string): Promise<TaskInquiry> {
    const inquiry = new TaskInquiry(deps, id);
    const { eventStream, resultStream } = deps.names;
    inquiry.#eventReader = await inquiry.#read(eventStream, (type, body) => inquiry.#heardEvents(type, body));
    inquiry.#resultReader = await inquiry.#read(resultStream, (type, body) =>
      inquiry.#heardResults(type, body),
    );
    return inquiry;
  }

  /** What has been read of it so far. */
  get trail(): TaskTrail {
    return this.#trail;
  }

  /** Where it stands now. */
  async ask(): Promise<TaskState> {
    return Promise.race([this.#find(), this.#failed.promise]);
  }

  /** Resolves when something was heard of it, or after so long at the latest. */
  async news(withinMs: number): Promise<void> {
    this.#news = deferred();
    await within(withinMs, Promise.race([this.#news.promise, this.#failed.promise]));
  }

  async close(): Promise<void> {
    await this.#eventReader?.close();
    await this.#resultReader?.close();
  }

  async #find(): Promise<TaskState> {
    await this.#catchUp();
    let state = this.#state();
    if (isFinal(state)) return state;
    this.#word = await this.deps.askWorkers(this.id);
    // What ended just before they were asked is written by now.
    await this.#catchUp();
    state = this.#state();
    return state;
  }

  #state(): TaskState {
    return this.#trail.state(this.#word, this.deps.clock.epochMicros());
  }

  /** Results are written before the completions that speak of them, so they are read after. */
  async #catchUp(): Promise<void> {
    await this.#eventReader?.caughtUp();
    if (this.#trail.hasResult) await this.#resultReader?.caughtUp();
  }

  async #read(stream: string, onMessage: (type: string, body: () => string) => void): Promise<StreamReader> {
    const { connection } = this.deps;
    try {
      const listener = { onMessage, onFailure: this.#failed.reject };
      return await StreamReader.open(connection, stream, this.#begin(), listener);
    } catch (error) {
      if (replyCode(error) !== 404) throw error;
      throw usageError('NO_RESULTS', `there is no stream "${stream}" on this vhost`, {
        hint: 'Nothing has been published or run here with this --prefix by this version of fairq yet.',
        cause: error,
      });
    }
  }

  #begin(): StreamOffset {
    const madeAt = idTime(this.id);
    if (madeAt === undefined || madeAt > this.deps.clock.epochMicros() / 1000) return 'first';
    return { timestamp: Math.max(0, madeAt - READ_BEFORE_MS) };
  }

  #heardEvents(type: string, body: () => string): void {
    if (type === PUBLISHED_IDS) {
      this.#heardIds(body());
    } else if (type === COMPLETIONS) {
      const text = body();
      if (!text.includes(this.#text)) return;
      for (const event of decodeCompletions(text) ?? []) if (event.id === this.id) this.#trail.ended(event);
      this.#news.resolve();
    }
  }

  #heardIds(body: string): void {
    const isOfSeries = this.#series !== undefined && body.includes(this.#series);
    if (!isOfSeries && !body.includes(this.#text)) return;
    const { series, at, all, tasks } = decodePublishedIds(body) ?? {};
    if (series !== undefined && series === this.#series) {
      const madeAt = idTime(this.id);
      this.#trail.isOfSeries({ ...all, sent: madeAt === undefined ? undefined : madeAt * 1_000 });
    }
    const own = tasks?.find(({ id }) => id === this.id);
    if (own !== undefined) this.#trail.announcedAs(own, at);
  }

  #heardResults(type: string, body: () => string): void {
    if (type !== RESULTS) return;
    for (const line of body().split('\n')) {
      if (!line.includes(this.#text)) continue;
      const result = readResultLine(line);
      if (result?.id === this.id) this.#trail.resulted(result);
    }
  }
}
