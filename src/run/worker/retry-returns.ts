import type { ConfirmChannel } from 'amqplib';
import type { Connection } from '../../broker/connection.js';
import { LastingChannel } from '../../broker/lasting-channel.js';
import { type OutgoingTask, Publisher } from '../../broker/publisher.js';
import type { QueueKind } from '../../broker/topology.js';
import { carriedHeaders, carriedProperties, carriedText } from '../../core/carried.js';
import type { Clock } from '../../core/clock.js';
import { QUEUE_HEADER, REASON_HEADER } from '../../core/dead-letter.js';
import { completeEnvelope, decodeEnvelope } from '../../core/envelope.js';
import { type Names, userOfQueue } from '../../core/names.js';
import { acknowledge, giveBack, RetryWaits, type WaitingTask } from './retry-waits.js';

/**
 * Brings tasks whose wait for the next attempt is over back to where they came from. It is done by way of
 * a publisher, which makes the queue of a user that was pruned meanwhile, and a task leaves its delay
 * queue only when it is safe at its destination: in between it may be there twice, never not at all.
 */
export class RetryReturns {
  readonly #underWay = new Map<OutgoingTask, WaitingTask>();
  /** Those that go to a queue by its name. */
  readonly #direct = new Set<WaitingTask>();
  #whenIdle: (() => void)[] = [];
  #publisher: Publisher | undefined;
  #waits: RetryWaits | undefined;
  #channel: LastingChannel<ConfirmChannel> | undefined;
  readonly #returned = new Set<string>();
  #sent = 0;

  private constructor(
    private readonly connection: Connection,
    private readonly names: Names,
    private readonly onFailure: (error: Error) => void,
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
    onFailure: (error: Error) => void,
  ): Promise<RetryReturns> {
    const returns = new RetryReturns(connection, names, onFailure);
    await returns.#open(queueKind, clock);
    const options = { queueType: queueKind.type, delaysMs };
    returns.#waits = await RetryWaits.open(connection, names, options, clock, {
      onDue: (task) => returns.#due(task),
      // Delivered again, they are brought back again.
      onLost: () => returns.#underWay.clear(),
      onFailure,
    });
    return returns;
  }

  /** Tasks on their way back. */
  get pending(): number {
    return this.#underWay.size + this.#direct.size;
  }

  /** Tasks held here until their wait for one of this worker's delays is over. */
  get waiting(): number {
    return this.#waits?.ownHeld ?? 0;
  }

  /** Looks after the delay queues among these too. */
  take(queues: readonly string[]): void {
    this.#waits?.take(queues);
  }

  /** Takes no more, and resolves when those on their way have arrived: what is left half-way comes twice. */
  async finish(): Promise<void> {
    await this.#waits?.stop();
    if (this.pending > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  close(): void {
    this.#waits?.close();
    this.#channel?.close();
  }

  async #open(queueKind: QueueKind, clock: Clock): Promise<void> {
    const { connection, names, onFailure } = this;
    const onConfirmed = (task: OutgoingTask) => this.#arrived(task);
    this.#publisher = await Publisher.open(
      connection,
      names,
      { queueKind, onConfirmed, onFailure },
      clock.now,
    );
    this.#channel = await LastingChannel.open(
      () => connection.confirmChannel(),
      async (channel) => {
        channel.on('return', ({ properties }) => this.#returned.add(String(properties.messageId)));
      },
      { onFailure },
    );
  }

  #due(delivery: WaitingTask): void {
    const { headers } = delivery.message.properties;
    const id = carriedText(delivery.message.properties.messageId);
    const queue: unknown = headers?.[QUEUE_HEADER];
    const envelope = decodeEnvelope(headers);
    const { user, sentAt } = envelope;
    if (id === undefined || typeof queue !== 'string' || user === undefined || sentAt === undefined) {
      this.#bury(delivery, 'it does not say what it is or which queue it came from');
      return;
    }
    const to = userOfQueue(this.names, queue);
    if (to === undefined) {
      this.#sendTo(queue, delivery);
      return;
    }
    const { type = '', contentType = '' } = carriedProperties(delivery.message.properties);
    const task: OutgoingTask = {
      id,
      type,
      contentType,
      payload: delivery.message.content,
      envelope: completeEnvelope(envelope, user, sentAt),
      to,
      headers: carriedHeaders(headers),
    };
    this.#underWay.set(task, delivery);
    this.#publisher?.send(task);
  }

  #arrived(task: OutgoingTask): void {
    const delivery = this.#underWay.get(task);
    if (delivery === undefined) return;
    this.#underWay.delete(task);
    acknowledge(delivery);
    this.#lookIfIdle();
  }

  #lookIfIdle(): void {
    if (this.pending === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /** A queue that fairq did not make: there is nothing but its name, and it is not made again. */
  #sendTo(queue: string, delivery: WaitingTask): void {
    this.#send(queue, delivery, {}, () =>
      this.#bury(delivery, `its queue ${JSON.stringify(queue)} is no longer there`),
    );
  }

  #bury(delivery: WaitingTask, reason: string): void {
    const unroutable = () => this.onFailure(new Error(`"${this.names.deadLetterQueue}" is not there`));
    this.#send(this.names.deadLetterQueue, delivery, { [REASON_HEADER]: reason }, unroutable);
  }

  #send(queue: string, delivery: WaitingTask, more: object, unroutable: () => void): void {
    const { content, properties } = delivery.message;
    // A message that comes back is known by its id, and a task may be on its way twice.
    const messageId = carriedText(properties.messageId) ?? `unnamed-${++this.#sent}`;
    const options = {
      ...{ messageId, mandatory: true, persistent: true },
      ...carriedProperties(properties),
      headers: { ...carriedHeaders(properties.headers), ...more },
    };
    const channel = this.#channel?.current;
    const onAnswer = (error: unknown) => {
      this.#direct.delete(delivery);
      if (error) giveBack(delivery);
      else if (this.#returned.delete(messageId)) unroutable();
      else acknowledge(delivery);
      this.#lookIfIdle();
    };
    if (channel === undefined) {
      giveBack(delivery);
      return;
    }
    this.#direct.add(delivery);
    channel.sendToQueue(queue, content, options, onAnswer);
  }
}
