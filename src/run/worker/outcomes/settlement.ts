import type { ConfirmChannel } from '../../../broker/connection/channel.js';
import { type Connection, ConnectionClosed, isNack } from '../../../broker/connection/connection.js';
import { LastingChannel } from '../../../broker/connection/lasting-channel.js';
import type { PublishProperties } from '../../../broker/connection/publish-properties.js';
import { assertTopology } from '../../../broker/queues/topology.js';
import { refusedError } from '../../../core/errors/errors.js';
import { COMPLETIONS, CompletionBatch } from '../../../core/events/event-codec.js';
import type { TaskEvent } from '../../../core/events/task-event.js';
import { RESULTS } from '../../../core/events/task-result.js';
import type { Names } from '../../../core/queues/names.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import type { Answer } from '../task/task-form.js';
import type { WorkerOptions } from '../worker-contract.js';
import type { LargeMessages } from './large-messages.js';

/** What the broker does not take is tried again so often, twice a second. */
const MOST_NACKS = 60;
const MOST_ANSWER_NACKS = 10;
/** A batch goes out at this size at the latest; the end of a tick sends a smaller one. */
const BATCH_SIZE = 512;
/** Results that together take more go out before. Characters. */
const RESULTS_AT_ONCE = 65_536;

export type SettlementOptions = Pick<WorkerOptions, 'name' | 'queueKind'>;

export interface SettlementListener {
  /** What has been acknowledged until now, as a number that comes back with what is sent after it. */
  acknowledgedSoFar(): number;
  /** The tasks' completions are in the stream: their deliveries may be acknowledged. */
  onSettled(tasks: readonly DeliveredTask[], acknowledgedBefore: number): void;
  onWarning(text: string): void;
  onFailure(error: Error): void;
}

interface Message {
  /** Where it says nothing else, a message is persistent, and comes back when its queue is missing. */
  readonly queue: string;
  readonly body: Buffer;
  readonly properties: PublishProperties;
  /** For somebody who waits: what the queue of that one does not take is given up. */
  readonly isAnswer?: boolean;
  /** How often the broker has refused it. */
  nacks: number;
}

interface Batch {
  readonly tasks: DeliveredTask[];
  /** Of this batch, and not confirmed. */
  readonly unconfirmed: Set<Message>;
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
  #channel: LastingChannel<ConfirmChannel> | undefined;
  #batch = emptyBatch();
  /** With messages that are not confirmed, oldest first. */
  readonly #batches = new Set<Batch>();
  /** Ids of messages that came back, until they are confirmed. */
  readonly #returned = new Set<string>();
  #opened = false;
  /** While what somebody deleted is made again. */
  #making: Promise<void> | undefined;
  #pending = 0;
  #writes = 0;
  #whenIdle: (() => void)[] = [];

  private constructor(
    private readonly connection: Connection,
    private readonly names: Names,
    private readonly options: SettlementOptions,
    private readonly large: LargeMessages,
    private readonly listener: SettlementListener,
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
    const settlement = new Settlement(connection, names, options, large, listener);
    settlement.#channel = await LastingChannel.open(
      () => connection.confirmChannel(),
      (channel) => settlement.#setUp(channel),
      {
        onOpen: () => settlement.#sendAgain(),
        oldestUnanswered: () => settlement.#oldestUnanswered(),
        onFailure: (error) => listener.onFailure(error),
      },
    );
    return settlement;
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
    task.completion = event.outcome === 'done' ? event : undefined;
    this.#batch.tasks.push(task);
    this.#pending++;
    if (this.#batch.tasks.length >= BATCH_SIZE) this.flush();
  }

  /** Sends the result of a task to who waits for it, if it is still there; call it before `finished`. */
  answer(answer: Answer): void {
    const { queue, body } = answer;
    const properties = { ...answerProperties(answer), ...{ persistent: false, mandatory: false } };
    this.#add({ queue, body: Buffer.from(body), nacks: 0, properties, isAnswer: true });
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
        ...{ persistent: false, mandatory: false },
      });
      if (sent.kind === 'too large') return sent.limit;
    }
    return undefined;
  }

  /** Writes down an attempt of a task that stays here: there is nothing to acknowledge. */
  attempted(event: TaskEvent): void {
    this.#completions.add(event);
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
      this.#add(this.#streamMessage(this.names.eventStream, COMPLETIONS, this.#completions.take()));
    }
    batch.written = true;
    this.#batch = emptyBatch();
    this.#settleIfConfirmed(batch);
  }

  #flushResults(): void {
    if (this.#results.length === 0) return;
    this.#add(this.#streamMessage(this.names.resultStream, RESULTS, this.#results.join('\n')));
    this.#results = [];
    this.#resultsSize = 0;
  }

  #streamMessage(stream: string, type: string, text: string): Message {
    const messageId = `${this.options.name} ${++this.#writes}`;
    return { queue: stream, body: Buffer.from(text), nacks: 0, properties: { type, messageId } };
  }

  /** Resolves when all that has been handed over is confirmed. */
  async settled(): Promise<void> {
    this.flush();
    if (this.#pending > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  async #setUp(channel: ConfirmChannel): Promise<void> {
    if (this.#opened) await this.#makeAgain();
    this.#opened = true;
    channel.on('return', ({ properties }) => this.#returned.add(String(properties.messageId)));
  }

  #sendAgain(): void {
    this.#returned.clear();
    for (const batch of this.#batches) for (const message of batch.unconfirmed) this.#send(batch, message);
  }

  #oldestUnanswered(): Message | undefined {
    if (this.connection.blocked) return undefined;
    for (const { unconfirmed } of this.#batches) for (const message of unconfirmed) return message;
    return undefined;
  }

  #add(message: Message): void {
    this.#batches.add(this.#batch);
    this.#batch.unconfirmed.add(message);
    this.#send(this.#batch, message);
  }

  /** While the channel is away it waits: all that is unconfirmed is sent on the next. */
  #send(batch: Batch, message: Message): void {
    const { queue, body, properties } = message;
    const options = { persistent: true, mandatory: true, ...properties };
    batch.acknowledgedBefore = this.listener.acknowledgedSoFar();
    this.#channel?.current?.sendToQueue(queue, body, options, (error) => {
      if (error) {
        // Without an answer, since the channel was lost, it is sent again on the next.
        if (isNack(error)) this.#nacked(batch, message);
      } else if (this.#returned.delete(String(properties.messageId))) {
        this.#makeAndSend(batch, message);
      } else {
        this.#confirmed(batch, message);
      }
    });
  }

  /** A queue whose node has just gone takes nothing until it has another leader: it is tried again for a while. */
  #nacked(batch: Batch, message: Message): void {
    message.nacks++;
    const { queue } = message;
    if (message.isAnswer && message.nacks > MOST_ANSWER_NACKS) {
      this.listener.onWarning(`the queue "${queue}" does not take an answer for a client that waits there`);
      this.#confirmed(batch, message);
    } else if (message.nacks > MOST_NACKS) {
      this.listener.onFailure(
        refusedError('NOT_WRITTEN', `the broker does not take what is written to "${queue}"`, {
          hint: "Look at the broker's log, and at the node of that stream.",
        }),
      );
    } else this.#channel?.renewSoon();
  }

  /** Somebody has deleted the stream or the queue: it is made again, and nothing is lost. */
  #makeAndSend(batch: Batch, message: Message): void {
    const channel = this.#channel?.current;
    // When the channel goes meanwhile, the making may fail with it, and the next channel sends it.
    const isCurrent = () => channel !== undefined && this.#channel?.current === channel;
    // Messages come back by the dozen: declarations of one stream side by side are more than a broker takes.
    this.#making ??= this.#makeAgain().finally(() => {
      this.#making = undefined;
    });
    this.#making.then(
      () => {
        if (isCurrent()) this.#send(batch, message);
      },
      (error) => {
        if (isCurrent()) this.listener.onFailure(error);
      },
    );
  }

  async #makeAgain(): Promise<void> {
    await assertTopology(this.connection, this.names, this.options.queueKind.type);
  }

  #confirmed(batch: Batch, message: Message): void {
    if (!batch.unconfirmed.delete(message)) return; // it was sent twice
    this.#settleIfConfirmed(batch);
  }

  #settleIfConfirmed(batch: Batch): void {
    if (!batch.written || batch.unconfirmed.size > 0) return;
    this.#batches.delete(batch);
    this.#pending -= batch.tasks.length;
    this.listener.onSettled(batch.tasks, batch.acknowledgedBefore);
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#pending === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}

function answerProperties({ correlationId }: Answer): PublishProperties {
  return { correlationId, contentType: 'application/json', contentEncoding: 'utf-8' };
}

function emptyBatch(): Batch {
  return { tasks: [], unconfirmed: new Set(), written: false, acknowledgedBefore: 0 };
}
