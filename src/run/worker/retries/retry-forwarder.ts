import type { Delivery } from '../../../broker/connection/delivery.js';
import { type OutgoingTask, outgoingProperties, Publisher } from '../../../broker/publishing/publisher.js';
import type { QueueKind } from '../../../broker/queues/topology.js';
import { LAST_END_HEADER, QUEUE_HEADER, REASON_HEADER } from '../../../core/message/dead-letter.js';
import { completeEnvelope, decodeEnvelope, type Envelope } from '../../../core/message/envelope.js';
import { dueOf, stepTowards } from '../../../core/message/postponed.js';
import { republishableHeaders, republishableText } from '../../../core/message/republishable.js';
import { delayQueueOf } from '../../../core/queues/names.js';
import type { ChannelDeps } from '../worker-contract.js';
import { acknowledge, giveBack, type WaitingTask } from './delay-queue-consumer.js';

export interface RetryForwarderListener {
  /** There is no way back for it: it becomes a dead letter. Said again where that is cut off. */
  onNoWayBack(id: string, envelope: Envelope, reason: string): void;
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
export class RetryForwarder {
  readonly #underWay = new Map<OutgoingTask, WaitingTask>();
  /** Those of them that are to be dead letters, and why. */
  readonly #dying = new Map<OutgoingTask, string>();
  /** Undefined while it is opened, when nothing is due. */
  #publisher: Publisher | undefined;
  #unnamed = 0;

  private constructor(
    private readonly deps: ChannelDeps,
    private readonly listener: RetryForwarderListener,
  ) {}

  /** @param queueKind what the queue of a user is made as when it has gone */
  static async open(
    deps: ChannelDeps,
    queueKind: QueueKind,
    listener: RetryForwarderListener,
  ): Promise<RetryForwarder> {
    const forwarder = new RetryForwarder(deps, listener);
    const { connection, names, clock } = deps;
    forwarder.#publisher = await Publisher.open(
      connection,
      names,
      {
        queueKind,
        onConfirmed: (task) => forwarder.#arrived(task),
        onNoQueue: (task, queue) => forwarder.#noQueue(task, queue),
        onHeldUp: (_, text) =>
          listener.onWarning(
            `${text}. Tasks whose wait for the next attempt is over stay where they waited, and are tried again; give it room, or raise the limit`,
          ),
        onFailure: (error) => listener.onFailure(error),
      },
      clock.now,
    );
    return forwarder;
  }

  /** Tasks on their way back, but for those whose queue has taken nothing for long. */
  get pending(): number {
    return this.#underWay.size - this.#notTaken(true);
  }

  /** Whether one is on its way whose queue takes it, as far as is known. */
  get isMoving(): boolean {
    return this.#underWay.size > this.stuck;
  }

  /** Tasks whose wait is over and whose queue does not take them now. They are where they waited. */
  get stuck(): number {
    return this.#notTaken(false);
  }

  /** Tasks on their way back. */
  *underWay(): Iterable<Delivery> {
    for (const { message } of this.#underWay.values()) yield message;
  }

  /** What was under way is void: delivered again, it is brought back again. */
  onLost(): void {
    this.#underWay.clear();
    this.#dying.clear();
  }

  /** The wait of a task is over. */
  onDue(waiting: WaitingTask): void {
    const { headers, messageId } = waiting.message.properties;
    const id = republishableText(messageId);
    const queue = republishableText(headers?.[QUEUE_HEADER]);
    const found = decodeEnvelope(headers);
    const { user, sentAt } = found;
    if (id === undefined || queue === undefined || user === undefined || sentAt === undefined) {
      this.#deadLetter(waiting, 'it does not say what it is or which queue it came from');
      return;
    }
    const envelope = completeEnvelope(found, user, sentAt);
    const now = this.deps.clock.epochMicros();
    const dueAt = dueOf(headers);
    if (dueAt !== undefined && dueAt > now) {
      const next = delayQueueOf(this.deps.names, stepTowards((dueAt - now) / 1000));
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
    this.#dying.delete(task);
    if (queue === this.deps.names.deadLetterQueue) {
      giveBack(waiting);
      this.listener.onFailure(new Error(`"${queue}" is not there`));
    } else {
      this.#deadLetter(waiting, `its queue ${JSON.stringify(queue)} is no longer there`);
    }
  }

  #deadLetter(waiting: WaitingTask, reason: string): void {
    const { headers, messageId } = waiting.message.properties;
    const id = republishableText(messageId) ?? `unnamed-${++this.#unnamed}`;
    const envelope = completeEnvelope(decodeEnvelope(headers), '', this.deps.clock.epochMicros());
    this.listener.onNoWayBack(id, envelope, reason);
    const letter = this.#send(waiting, id, envelope, this.deps.names.deadLetterQueue, {
      [REASON_HEADER]: reason,
    });
    this.#dying.set(letter, reason);
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
      id,
      payload: content,
      envelope,
      toQueue,
      ...outgoingProperties(properties),
      headers: { ...republishableHeaders(properties.headers), ...headers },
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
    const reason = this.#dying.get(task);
    this.#dying.delete(task);
    if (reason !== undefined) this.listener.onDead(task.id, task.envelope, reason);
  }
}
