import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '../../../broker/connection/connection.js';
import type { Delivery } from '../../../broker/connection/delivery.js';
import { type OutgoingTask, outgoingProperties, Publisher } from '../../../broker/publishing/publisher.js';
import type { QueueKind } from '../../../broker/queues/topology.js';
import { carriedHeaders, carriedText } from '../../../core/message/carried.js';
import { LAST_END_HEADER, QUEUE_HEADER, REASON_HEADER } from '../../../core/message/dead-letter.js';
import { completeEnvelope, decodeEnvelope, type Envelope } from '../../../core/message/envelope.js';
import { dueOf, stepTowards } from '../../../core/message/postponed.js';
import { delayQueueOf, type Names } from '../../../core/queues/names.js';
import type { Clock } from '../../../core/values/clock.js';
import { acknowledge, giveBack, RetryWaits, type WaitingTask } from './retry-waits.js';

/** At its end a worker looks so often whether all have arrived. */
const LOOK_EVERY_MS = 10;

export interface RetryReturnsListener {
  /** There is no way back for it: it becomes a dead letter. Said again where that is cut off. */
  onBuried(id: string, envelope: Envelope, reason: string): void;
  /** Its dead letter is safe. */
  onDead(id: string, envelope: Envelope, reason: string): void;
  onWarning(text: string): void;
  onFailure(error: Error): void;
}

/**
 * Brings tasks whose wait for the next attempt is over back to where they came from. It is done by way of
 * a publisher, which makes the queue of a user that was pruned meanwhile, and a task leaves its delay
 * queue only when it is safe at its destination: in between it may be there twice, never not at all.
 */
export class RetryReturns {
  readonly #underWay = new Map<OutgoingTask, WaitingTask>();
  /** Those of them that are to be dead letters, and why. */
  readonly #buried = new Map<OutgoingTask, string>();
  #publisher: Publisher | undefined;
  #waits: RetryWaits | undefined;
  #unnamed = 0;

  private constructor(
    private readonly connection: Connection,
    private readonly names: Names,
    private readonly clock: Clock,
    private readonly listener: RetryReturnsListener,
  ) {}

  /**
   * @param queueKind what the queue of a user is made as when it has gone
   * @param delaysMs this worker's own delays
   */
  static async open(
    connection: Connection,
    names: Names,
    { queueKind, delaysMs }: { readonly queueKind: QueueKind; readonly delaysMs: readonly number[] },
    clock: Clock,
    listener: RetryReturnsListener,
  ): Promise<RetryReturns> {
    const returns = new RetryReturns(connection, names, clock, listener);
    await returns.#open(queueKind);
    const options = { queueType: queueKind.type, delaysMs };
    returns.#waits = await RetryWaits.open(connection, names, options, clock, {
      onDue: (task) => returns.#due(task),
      // Delivered again, they are brought back again.
      onLost: () => {
        returns.#underWay.clear();
        returns.#buried.clear();
      },
      onFailure: listener.onFailure,
    });
    return returns;
  }

  /** Tasks on their way back, but for those whose queue has taken nothing for long. */
  get pending(): number {
    return this.#underWay.size - this.#notTaken(true);
  }

  /** Tasks whose wait is over and whose queue does not take them now. They are where they waited. */
  get stuck(): number {
    return this.#notTaken(false);
  }

  /** Tasks held here until their wait for one of this worker's delays is over. */
  get waiting(): number {
    return this.#waits?.ownHeld ?? 0;
  }

  /** All tasks held here, and those on their way back. */
  *held(): Iterable<Delivery> {
    if (this.#waits !== undefined) yield* this.#waits.held();
    for (const { message } of this.#underWay.values()) yield message;
  }

  /** Looks after the delay queues among these too. */
  take(queues: readonly string[]): void {
    this.#waits?.take(queues);
  }

  /**
   * Takes no more, and resolves when those on their way have arrived: what is left half-way comes twice. Those whose queue
   * does not take them are not waited for: they go back to where they waited with the connection.
   */
  async finish(): Promise<void> {
    await this.#waits?.stop();
    while (this.#underWay.size > this.stuck) await delay(LOOK_EVERY_MS);
  }

  close(): void {
    this.#waits?.close();
  }

  async #open(queueKind: QueueKind): Promise<void> {
    const { connection, names, listener } = this;
    this.#publisher = await Publisher.open(
      connection,
      names,
      {
        queueKind,
        onConfirmed: (task) => this.#arrived(task),
        onNoQueue: (task, queue) => this.#noQueue(task, queue),
        onHeldUp: (_, text) =>
          listener.onWarning(
            `${text}. Tasks whose wait for the next attempt is over stay where they waited, and are tried again; give it room, or raise the limit`,
          ),
        onFailure: listener.onFailure,
      },
      this.clock.now,
    );
  }

  #due(waiting: WaitingTask): void {
    const { headers, messageId } = waiting.message.properties;
    const id = carriedText(messageId);
    const queue = carriedText(headers?.[QUEUE_HEADER]);
    const found = decodeEnvelope(headers);
    const { user, sentAt } = found;
    if (id === undefined || queue === undefined || user === undefined || sentAt === undefined) {
      this.#bury(waiting, 'it does not say what it is or which queue it came from');
      return;
    }
    const envelope = completeEnvelope(found, user, sentAt);
    const now = this.clock.epochMicros();
    const dueAt = dueOf(headers);
    if (dueAt !== undefined && dueAt > now) {
      const next = delayQueueOf(this.names, stepTowards((dueAt - now) / 1000));
      this.#send(waiting, id, envelope, next, { [LAST_END_HEADER]: now });
      return;
    }
    this.#send(waiting, id, envelope, queue);
  }

  /** A queue that fairq did not make is not made again: the task is a dead letter. */
  #noQueue(task: OutgoingTask, queue: string): void {
    const waiting = this.#underWay.get(task);
    if (waiting === undefined) return;
    this.#underWay.delete(task);
    this.#buried.delete(task);
    if (queue === this.names.deadLetterQueue) {
      giveBack(waiting);
      this.listener.onFailure(new Error(`"${queue}" is not there`));
    } else {
      this.#bury(waiting, `its queue ${JSON.stringify(queue)} is no longer there`);
    }
  }

  #bury(waiting: WaitingTask, reason: string): void {
    const { headers, messageId } = waiting.message.properties;
    const id = carriedText(messageId) ?? `unnamed-${++this.#unnamed}`;
    const envelope = completeEnvelope(decodeEnvelope(headers), '', this.clock.epochMicros());
    this.listener.onBuried(id, envelope, reason);
    const letter = this.#send(waiting, id, envelope, this.names.deadLetterQueue, { [REASON_HEADER]: reason });
    this.#buried.set(letter, reason);
  }

  #send(
    waiting: WaitingTask,
    id: string,
    envelope: Envelope,
    toQueue: string,
    headers: Readonly<Record<string, unknown>> = {},
  ): OutgoingTask {
    const { properties, content } = waiting.message;
    const task: OutgoingTask = {
      ...{ id, payload: content, envelope, toQueue, ...outgoingProperties(properties) },
      headers: { ...carriedHeaders(properties.headers), ...headers },
    };
    this.#underWay.set(task, waiting);
    this.#publisher?.send(task);
    return task;
  }

  /** What was under way before the connection was lost is delivered again, and counts once. */
  #notTaken(forLong: boolean): number {
    let count = 0;
    for (const task of this.#publisher?.notTaken({ forLong }) ?? []) if (this.#underWay.has(task)) count++;
    return count;
  }

  #arrived(task: OutgoingTask): void {
    const waiting = this.#underWay.get(task);
    if (waiting === undefined) return;
    this.#underWay.delete(task);
    acknowledge(waiting);
    const reason = this.#buried.get(task);
    this.#buried.delete(task);
    if (reason !== undefined) this.listener.onDead(task.id, task.envelope, reason);
  }
}
