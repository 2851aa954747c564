import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, replyCode } from '../../broker/connection.js';
import { announce, listen, type TaskAnswer } from '../../broker/control.js';
import type { LastingChannel } from '../../broker/lasting-channel.js';
import { type StreamOffset, StreamReader } from '../../broker/stream-reader.js';
import type { Clock } from '../../core/clock.js';
import { COMPLETIONS, decodeCompletions, decodePublishedIds, PUBLISHED_IDS } from '../../core/event-codec.js';
import type { Names } from '../../core/names.js';
import type { TaskEvent } from '../../core/task-event.js';
import { idSeries, idTime } from '../../core/task-id.js';
import { RESULTS, readResultLine, type TaskResult } from '../../core/task-result.js';
import { type Announced, isFinal, type Running, stateOf, type TaskState } from '../../core/task-state.js';
import { usageError } from '../../errors.js';

/** A publisher says which ids are its own once a minute; clocks differ. Reading begins so long before an id was made. */
const READ_BEFORE_MS = 10 * 60_000;
/** A worker that runs it, and is not busy with something that blocks it, has said so by then. */
const ANSWER_WITHIN_MS = 300;

export interface TaskLookDeps {
  readonly connection: Connection;
  readonly names: Names;
  readonly clock: Clock;
  readonly newId: () => string;
}

/**
 * Finds out where a task stands. What has ended is in the streams of events and results; what runs is known to its
 * worker alone, who is asked; a task that nobody has started is known by its id, which is one of a publisher's.
 */
export class TaskLook {
  readonly #events: TaskEvent[] = [];
  readonly #results: TaskResult[] = [];
  readonly #readers: StreamReader[] = [];
  #announced: Announced | undefined;
  /** Events that had been heard when it was last said that it is sent. */
  #eventsBefore = 0;
  #running: Running | undefined;
  #control: LastingChannel | undefined;
  #question = '';
  #onAnswer: () => void = () => {};
  #onNews: () => void = () => {};
  #fail: (error: Error) => void = () => {};
  readonly #failed: Promise<never>;
  /** The id as it stands in JSON: most messages need not be parsed to know that they are about others. */
  readonly #text: string;
  readonly #series: string | undefined;

  private constructor(
    private readonly deps: TaskLookDeps,
    private readonly id: string,
  ) {
    this.#text = JSON.stringify(id);
    this.#series = idSeries(id);
    this.#failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.#failed.catch(() => {}); // whoever looks is told
  }

  static async open(deps: TaskLookDeps, id: string): Promise<TaskLook> {
    const look = new TaskLook(deps, id);
    const { connection, names } = deps;
    await look.#read(names.eventStream, (type, body) => look.#heardEvents(type, body));
    await look.#read(names.resultStream, (type, body) => look.#heardResults(type, body));
    look.#control = await listen(connection, names, {
      onMessage: (message) => {
        if (message.kind === 'runs' && message.request === look.#question) look.#answered(message);
      },
      onFailure: look.#fail,
    });
    return look;
  }

  /** Where it stands now. */
  async look(): Promise<TaskState> {
    return Promise.race([this.#look(), this.#failed]);
  }

  /** Resolves when something was heard of it, or after so long at the latest. */
  async news(withinMs: number): Promise<void> {
    const heard = new Promise<void>((resolve) => {
      this.#onNews = resolve;
    });
    const patience = new AbortController();
    const late = delay(withinMs, undefined, { signal: patience.signal }).catch(() => {}); // no longer of interest
    await Promise.race([heard, late, this.#failed]);
    patience.abort();
  }

  async close(): Promise<void> {
    this.#control?.close();
    await Promise.all(this.#readers.map((reader) => reader.close()));
  }

  async #look(): Promise<TaskState> {
    await this.#catchUp();
    let state = this.#state();
    if (isFinal(state)) return state;
    await this.#askWorkers();
    // What ended just before they were asked is written by now.
    await this.#catchUp();
    state = this.#state();
    return state;
  }

  #state(): TaskState {
    const traces = {
      id: this.id,
      announced: this.#announced,
      isSentAgain: this.#eventsBefore > 0 && this.#eventsBefore === this.#events.length,
      events: this.#events,
      results: this.#results,
      running: this.#running,
    };
    return stateOf(traces, this.deps.clock.epochMicros());
  }

  /** Results are written before the completions that speak of them, so they are read after. */
  async #catchUp(): Promise<void> {
    for (const reader of this.#readers) await reader.caughtUp(this.deps.newId());
  }

  async #askWorkers(): Promise<void> {
    this.#running = undefined;
    this.#question = this.deps.newId();
    const channel = this.#control?.current;
    if (channel === undefined) return;
    const patience = new AbortController();
    const answered = new Promise<void>((resolve) => {
      this.#onAnswer = resolve;
    });
    announce(channel, this.deps.names, { kind: 'task', request: this.#question, id: this.id });
    const late = delay(ANSWER_WITHIN_MS, undefined, { signal: patience.signal }).catch(() => {}); // answered before
    await Promise.race([answered, late]);
    patience.abort();
  }

  #answered({ worker, task }: TaskAnswer): void {
    this.#running = { worker, ...task };
    this.#onAnswer();
  }

  async #read(stream: string, onMessage: (type: string, body: () => string) => void): Promise<void> {
    const { connection } = this.deps;
    try {
      const listener = { onMessage, onFailure: this.#fail };
      this.#readers.push(await StreamReader.open(connection, stream, this.#begin(), listener));
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
      this.#events.push(...(decodeCompletions(text) ?? []).filter(({ id }) => id === this.id));
      this.#onNews();
    }
  }

  #heardIds(body: string): void {
    const isOfSeries = this.#series !== undefined && body.includes(this.#series);
    if (!isOfSeries && !body.includes(this.#text)) return;
    const { series, at, all, tasks } = decodePublishedIds(body) ?? {};
    if (series !== undefined && series === this.#series) {
      const madeAt = idTime(this.id);
      this.#announced = {
        ...all,
        sent: madeAt === undefined ? undefined : madeAt * 1_000,
        ...this.#announced,
      };
    }
    const own = tasks?.find(({ id }) => id === this.id);
    if (own === undefined) return;
    const { id: _, ...about } = own;
    this.#announced = { ...this.#announced, sent: at, ...about };
    this.#eventsBefore = this.#events.length;
  }

  #heardResults(type: string, body: () => string): void {
    if (type !== RESULTS) return;
    for (const line of body().split('\n')) {
      if (!line.includes(this.#text)) continue;
      const result = readResultLine(line);
      if (result?.id === this.id) this.#results.push(result);
    }
  }
}
