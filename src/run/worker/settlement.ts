import type { ConfirmChannel, Options } from 'amqplib';
import { type Connection, isNack } from '../../broker/connection.js';
import { LastingChannel } from '../../broker/lasting-channel.js';
import { assertDelayQueues, assertTopology } from '../../broker/topology.js';
import { carriedProperties } from '../../core/carried.js';
import { deadLetterHeaders, type FailedAttempt, type Failure, retryHeaders } from '../../core/dead-letter.js';
import type { Envelope } from '../../core/envelope.js';
import { COMPLETIONS, CompletionBatch } from '../../core/event-codec.js';
import { delayQueueOf, type Names } from '../../core/names.js';
import { postponedHeaders, stepTowards } from '../../core/postponed.js';
import { delaysOf } from '../../core/retry-policy.js';
import type { TaskEvent } from '../../core/task-event.js';
import { RESULTS } from '../../core/task-result.js';
import type { HeldTask } from './task.js';
import type { Answer } from './task-form.js';
import type { WorkerOptions } from './worker-contract.js';

/** What the broker does not take is tried again so often, twice a second. */
const MOST_NACKS = 60;
/** A batch goes out at this size at the latest; the end of a tick sends a smaller one. */
const BATCH_SIZE = 512;
/** Results that together take more go out before. Characters. */
const RESULTS_AT_ONCE = 65_536;

export type SettlementOptions = Pick<WorkerOptions, 'name' | 'queueKind' | 'retry'>;

export interface SettlementListener {
  /** The tasks' completions are in the stream: their deliveries may be acknowledged. */
  onSettled(tasks: readonly HeldTask[]): void;
  onFailure(error: Error): void;
}

interface Message {
  /** Where it says nothing else, a message is persistent, and comes back when its queue is missing. */
  readonly queue: string;
  readonly body: Buffer;
  readonly properties: Options.Publish;
  /** How often the broker has refused it. */
  nacks: number;
}

interface Batch {
  readonly tasks: HeldTask[];
  /** Of this batch, and not confirmed. */
  readonly unconfirmed: Set<Message>;
  written: boolean;
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
    private readonly listener: SettlementListener,
  ) {
    this.#completions = new CompletionBatch(options.name);
  }

  /** What fairq keeps on the broker, and the delay queues, have to be there before the first task ends; later it is made again where it is not. */
  static async open(
    connection: Connection,
    names: Names,
    options: SettlementOptions,
    listener: SettlementListener,
  ): Promise<Settlement> {
    const settlement = new Settlement(connection, names, options, listener);
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
  *unsettled(): Iterable<HeldTask> {
    for (const { tasks } of this.#batches) yield* tasks;
    if (!this.#batches.has(this.#batch)) yield* this.#batch.tasks;
  }

  finished(task: HeldTask, event: TaskEvent): void {
    this.#completions.add(event);
    this.#batch.tasks.push(task);
    this.#pending++;
    if (this.#batch.tasks.length >= BATCH_SIZE) this.flush();
  }

  /** Sends the result of a task to who waits for it, if it is still there; call it before `finished`. */
  answer({ queue, body, correlationId }: Answer): void {
    const properties = {
      ...{ correlationId, contentType: 'application/json', contentEncoding: 'utf-8' },
      ...{ persistent: false, mandatory: false },
    };
    this.#add({ queue, body: Buffer.from(body), nacks: 0, properties });
  }

  /** Sends a task that is not due to where it waits: nothing has become of it. Microseconds since the epoch. */
  postpone(task: HeldTask, envelope: Envelope, dueAt: number, now: number): void {
    const { headers } = task.message.properties;
    const queue = delayQueueOf(this.names, stepTowards((dueAt - now) / 1000));
    const { queue: home } = task.source;
    this.#add(this.#copyOf(task, queue, postponedHeaders(headers, home, envelope, dueAt, now)));
    this.#batch.tasks.push(task);
    this.#pending++;
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

  /** Sends a failed task to where it waits for its next attempt; call it before `finished`. */
  retry(task: HeldTask, failed: FailedAttempt, delayMs: number): void {
    const { headers } = task.message.properties;
    this.#add(this.#copyOf(task, delayQueueOf(this.names, delayMs), retryHeaders(headers, failed)));
  }

  /** Keeps a failed task where a person can find it; call it before `finished`. */
  deadLetter(task: HeldTask, failed: FailedAttempt, failure: Failure): void {
    const { headers } = task.message.properties;
    this.#add(this.#copyOf(task, this.names.deadLetterQueue, deadLetterHeaders(headers, failed, failure)));
  }

  #copyOf(task: HeldTask, queue: string, headers: Record<string, unknown>): Message {
    const { properties, content } = task.message;
    return {
      queue,
      body: content,
      nacks: 0,
      properties: {
        messageId: task.id,
        ...carriedProperties(properties),
        headers,
      },
    };
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
    this.#channel?.current?.sendToQueue(queue, body, options, (error) => {
      if (error) {
        // Without an answer, since the channel was lost, it is sent again on the next.
        if (isNack(error)) this.#nacked(message);
      } else if (this.#returned.delete(String(properties.messageId))) {
        this.#makeAndSend(batch, message);
      } else {
        this.#confirmed(batch, message);
      }
    });
  }

  /** A queue whose node has just gone takes nothing until it has another leader: it is tried again for a while. */
  #nacked(message: Message): void {
    message.nacks++;
    if (message.nacks > MOST_NACKS) {
      this.listener.onFailure(new Error(`the broker does not take a message for "${message.queue}"`));
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
    const { queueKind, retry } = this.options;
    await assertTopology(this.connection, this.names, queueKind.type);
    await assertDelayQueues(this.connection, this.names, queueKind.type, delaysOf(retry));
  }

  #confirmed(batch: Batch, message: Message): void {
    if (!batch.unconfirmed.delete(message)) return; // it was sent twice
    this.#settleIfConfirmed(batch);
  }

  #settleIfConfirmed(batch: Batch): void {
    if (!batch.written || batch.unconfirmed.size > 0) return;
    this.#batches.delete(batch);
    this.#pending -= batch.tasks.length;
    this.listener.onSettled(batch.tasks);
    if (this.#pending === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}

function emptyBatch(): Batch {
  return { tasks: [], unconfirmed: new Set(), written: false };
}
