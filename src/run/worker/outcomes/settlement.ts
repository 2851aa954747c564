import { type Connection, ConnectionClosed } from '../../../broker/connection/connection.js';
import { PATIENCE_MS } from '../../../broker/connection/patience.js';
import type { PublishProperties } from '../../../broker/connection/publish-properties.js';
import { assertTopology } from '../../../broker/queues/topology.js';
import { ConfirmedWriter, type WrittenMessage } from '../../../broker/streams/confirmed-writer.js';
import { ANSWERED_BY_FAIRQ } from '../../../core/celery/answered-by.js';
import { refusedError } from '../../../core/errors/errors.js';
import { COMPLETIONS, CompletionBatch } from '../../../core/events/event-codec.js';
import { encodeGivenUp, GIVEN_UP, type GivenUpAttempt } from '../../../core/events/given-up.js';
import type { TaskEvent } from '../../../core/events/task-event.js';
import { RESULTS } from '../../../core/events/task-result.js';
import type { Names } from '../../../core/queues/names.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import type { Answer } from '../task/message-format.js';
import type { WrittenCompletions } from '../task/written-completions.js';
import type { WorkerOptions } from '../worker-contract.js';
import type { LargeMessages } from './large-messages.js';

/** A batch goes out at this size at the latest; the end of a tick sends a smaller one. */
const BATCH_SIZE = 512;
/** Results that together take more go out before. Characters. */
const RESULTS_AT_ONCE = 65_536;

export type SettlementOptions = Pick<WorkerOptions, 'name' | 'queueKind'>;

/** Each stream has its own, which says why; answers go to many queues. */
interface Writers {
  readonly completions: Pick<ConfirmedWriter, 'write'>;
  readonly results: Pick<ConfirmedWriter, 'write'>;
  readonly answers: Pick<ConfirmedWriter, 'write'>;
}

export interface SettlementListener {
  /** What has been acknowledged until now, as a number that comes back with what is sent after it. */
  acknowledgedSoFar(): number;
  /** The tasks' completions are in the stream: their deliveries may be acknowledged. */
  onSettled(tasks: readonly DeliveredTask[], written: WrittenCompletions): void;
  onWarning(text: string): void;
  onFailure(error: Error): void;
}

interface Batch {
  /** Emptied when they are settled. V8 may keep a batch for a while, and is not to keep its tasks with it. */
  tasks: DeliveredTask[];
  /** Its completions as they were written. */
  text: string;
  /** Messages of this batch that are not confirmed, and those of them that are results. */
  unconfirmed: number;
  results: number;
  written: boolean;
  /** What had been acknowledged when the last of it was sent. */
  acknowledgedBefore: number;
}

/**
 * Writes completions to the event stream, and lets a task be acknowledged only when the broker has
 * confirmed its completion: an acknowledged task is never without its event. A cut between the two
 * leaves an event twice, which readers drop; what a lost channel has not confirmed is sent again.
 */
export class Settlement {
  readonly #completions: CompletionBatch;
  /** Lines for the stream of results. */
  #results: string[] = [];
  #resultsSize = 0;
  #batch = emptyBatch();
  /** With messages that are not confirmed, oldest first. */
  readonly #batches = new Set<Batch>();
  /**
   * Completions that wait until the results that they speak of are confirmed, and those behind them: of a task's
   * attempts none overtakes the one before.
   */
  readonly #inOrder: { readonly batch: Batch; readonly completions: WrittenMessage }[] = [];
  #pending = 0;
  /** Unconfirmed messages that speak of attempts which were given up. */
  #ofGivenUp = 0;
  #writes = 0;
  #whenIdle: (() => void)[] = [];

  /** For tests, which have writers of their own; else `open`. */
  constructor(
    private readonly names: Names,
    private readonly options: SettlementOptions,
    private readonly large: Pick<LargeMessages, 'send'>,
    private readonly listener: SettlementListener,
    private readonly writers: Writers,
  ) {
    this.#completions = new CompletionBatch(options.name);
  }

  /** What fairq keeps on the broker, and the delay queues, have to be there before the first task ends; later it is made again where it is not. */
  static async open(
    connection: Connection,
    names: Names,
    options: SettlementOptions,
    large: LargeMessages,
    listener: SettlementListener,
  ): Promise<Settlement> {
    const makeAgain = () => assertTopology(connection, names, options.queueKind.type);
    const onFailure = (error: Error) => listener.onFailure(error);
    const writing = (patienceMs: number) => ({ patienceMs, makeAgain, onFailure });
    const completions = await ConfirmedWriter.open(connection, writing(PATIENCE_MS.giveUp));
    // Many workers have no results, and nobody who waits for an answer.
    const results = ConfirmedWriter.onDemand(connection, writing(PATIENCE_MS.giveUp));
    const answers = ConfirmedWriter.onDemand(connection, writing(PATIENCE_MS.dropAnswer));
    return new Settlement(names, options, large, listener, { completions, results, answers });
  }

  /** Finished tasks whose completion has not been confirmed. */
  get pending(): number {
    return this.#pending;
  }

  /** Events that have not been written yet, or tasks that have none. */
  get collected(): number {
    return Math.max(this.#completions.size, this.#batch.tasks.length);
  }

  /** Tasks that have ended here and are not acknowledged. */
  *unsettled(): Iterable<DeliveredTask> {
    for (const { tasks } of this.#batches) yield* tasks;
    if (!this.#batches.has(this.#batch)) yield* this.#batch.tasks;
  }

  finished(task: DeliveredTask, event: TaskEvent): void {
    this.#completions.add(event);
    this.#batch.tasks.push(task);
    this.#pending++;
    if (this.#batch.tasks.length >= BATCH_SIZE) this.flush();
  }

  /** Sends the result of a task to who waits for it, if it is still there; call it before `finished`. */
  answer(answer: Answer): void {
    const { queue, body } = answer;
    const properties = { ...answerProperties(answer), persistent: false, mandatory: false };
    const batch = this.#batch;
    const given = {
      onRefused: () => {
        this.listener.onWarning(`the queue "${queue}" does not take an answer for a client that waits there`);
        this.#confirmed(batch);
      },
    };
    this.writers.answers.write({ ...this.#messageOf(batch, queue, Buffer.from(body), properties), ...given });
  }

  /**
   * The same for answers of which one is large, and may be too large: `then` is called, with the broker's limit
   * where it is, when that is known. Until then the task has not ended.
   */
  answerFirst(
    task: DeliveredTask,
    answers: readonly Answer[],
    then: (limit: number | undefined) => void,
  ): void {
    const batch: Batch = { ...emptyBatch(), tasks: [task] };
    this.#batches.add(batch);
    this.#pending++;
    this.#answerAll(answers)
      .then((limit) => {
        this.#batches.delete(batch);
        then(limit);
        this.#pending--;
        this.#tellIdle();
      })
      .catch((error) => {
        if (!(error instanceof ConnectionClosed)) this.listener.onFailure(error);
      });
  }

  /** @returns the broker's limit, in bytes, where one of them is larger */
  async #answerAll(answers: readonly Answer[]): Promise<number | undefined> {
    for (const answer of answers) {
      const sent = await this.large.send(answer.queue, Buffer.from(answer.body), {
        ...answerProperties(answer),
        persistent: false,
        mandatory: false,
      });
      if (sent.kind === 'too large') return sent.limit;
    }
    return undefined;
  }

  /** Writes down an attempt of a task that stays here: there is nothing to acknowledge. */
  attempted(event: TaskEvent): void {
    this.#completions.add(event);
  }

  /** Writes at once: there is nothing to acknowledge, and while the connection is away it waits for the next. */
  givenUp(attempts: readonly GivenUpAttempt[]): void {
    const { name } = this.options;
    this.#ofGivenUp++;
    this.writers.completions.write({
      queue: this.names.eventStream,
      body: Buffer.from(encodeGivenUp(name, attempts)),
      properties: { type: GIVEN_UP, messageId: `${name} ${++this.#writes}` },
      onConfirmed: () => {
        this.#ofGivenUp--;
        this.#tellIdle();
      },
      onRefused: () => this.#refused(this.names.eventStream),
    });
  }

  /** Keeps what became of a task; call it before `finished`. Whoever reads its completion finds it there already. */
  result(line: string): void {
    this.#results.push(line);
    this.#resultsSize += line.length;
    if (this.#resultsSize > RESULTS_AT_ONCE) this.#flushResults();
  }

  /** Writes what has been collected. */
  flush(): void {
    if (this.collected === 0) return;
    this.#flushResults();
    const batch = this.#batch;
    if (this.#completions.size > 0) {
      batch.text = this.#completions.take();
      const completions = this.#streamMessage(this.names.eventStream, COMPLETIONS, batch.text);
      this.#inOrder.push({ batch, completions });
      this.#writeInOrder();
    }
    batch.written = true;
    this.#batch = emptyBatch();
    this.#settleIfConfirmed(batch);
  }

  #flushResults(): void {
    if (this.#results.length === 0) return;
    const batch = this.#batch;
    const message = this.#streamMessage(this.names.resultStream, RESULTS, this.#results.join('\n'));
    batch.results++;
    this.writers.results.write({ ...message, onConfirmed: () => this.#resultsConfirmed(batch) });
    this.#results = [];
    this.#resultsSize = 0;
  }

  #streamMessage(stream: string, type: string, text: string): WrittenMessage {
    const messageId = `${this.options.name} ${++this.#writes}`;
    return this.#messageOf(this.#batch, stream, Buffer.from(text), { type, messageId });
  }

  /** The batch waits for it from here on. */
  #messageOf(batch: Batch, queue: string, body: Buffer, properties: PublishProperties): WrittenMessage {
    this.#batches.add(batch);
    batch.unconfirmed++;
    return {
      queue,
      body,
      properties,
      onSend: () => {
        batch.acknowledgedBefore = this.listener.acknowledgedSoFar();
      },
      onConfirmed: () => this.#confirmed(batch),
      onRefused: () => this.#refused(queue),
    };
  }

  #refused(queue: string): void {
    this.listener.onFailure(
      refusedError('NOT_WRITTEN', `the broker does not take what is written to "${queue}"`, {
        hint: "Look at the broker's log, and at the node of that stream.",
      }),
    );
  }

  /** Resolves when all that has been handed over is confirmed. */
  async settled(): Promise<void> {
    this.flush();
    if (this.#isBusy) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  /** Whoever reads the completions finds the results. */
  #resultsConfirmed(batch: Batch): void {
    batch.results--;
    this.#writeInOrder();
    this.#confirmed(batch);
  }

  #writeInOrder(): void {
    for (let first = this.#inOrder[0]; first?.batch.results === 0; first = this.#inOrder[0]) {
      this.#inOrder.shift();
      this.writers.completions.write(first.completions);
    }
  }

  #confirmed(batch: Batch): void {
    batch.unconfirmed--;
    this.#settleIfConfirmed(batch);
  }

  #settleIfConfirmed(batch: Batch): void {
    if (!batch.written || batch.unconfirmed > 0) return;
    this.#batches.delete(batch);
    const { tasks, text, acknowledgedBefore } = batch;
    batch.tasks = [];
    this.#pending -= tasks.length;
    this.listener.onSettled(tasks, { text, acknowledgedBefore });
    this.#tellIdle();
  }

  get #isBusy(): boolean {
    return this.#pending + this.#ofGivenUp > 0;
  }

  #tellIdle(): void {
    if (!this.#isBusy) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}

function answerProperties({ correlationId }: Answer): PublishProperties {
  return {
    correlationId,
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    appId: ANSWERED_BY_FAIRQ,
  };
}

function emptyBatch(): Batch {
  return { tasks: [], text: '', unconfirmed: 0, results: 0, written: false, acknowledgedBefore: 0 };
}
