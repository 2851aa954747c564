import type { Channel, ConfirmChannel, ConsumeMessage } from 'amqplib';
import type { Connection } from '../../broker/connection.js';
import { LastingChannel } from '../../broker/lasting-channel.js';
import { type OutgoingTask, Publisher } from '../../broker/publisher.js';
import { assertTopology, type QueueKind } from '../../broker/topology.js';
import { QUEUE_HEADER, REASON_HEADER, withoutDeaths } from '../../core/dead-letter.js';
import { completeEnvelope, decodeEnvelope } from '../../core/envelope.js';
import { type Names, userOfQueue } from '../../core/names.js';

/** On their way back at once. */
const AT_ONCE = 500;

interface Delivery {
  readonly channel: Channel;
  readonly message: ConsumeMessage;
}

/**
 * Brings tasks whose wait for the next attempt is over back to where they came from. It is done by way of
 * a publisher, which makes the queue of a user that was pruned meanwhile, and a task leaves the retry
 * queue only when it is safe at its destination: in between it may be there twice, never not at all.
 */
export class RetryReturns {
  readonly #underWay = new Map<OutgoingTask, Delivery>();
  /** Those that go to a queue by its name. */
  readonly #direct = new Set<Delivery>();
  #stopConsuming: () => Promise<unknown> = async () => {};
  #whenIdle: (() => void)[] = [];
  #publisher: Publisher | undefined;
  #consumer: LastingChannel | undefined;
  #channel: LastingChannel<ConfirmChannel> | undefined;
  readonly #returned = new Set<string>();
  #sent = 0;

  private constructor(
    private readonly connection: Connection,
    private readonly names: Names,
    private readonly onFailure: (error: Error) => void,
  ) {}

  /** @param queueKind what the queue of a user is made as when it has gone */
  static async open(
    connection: Connection,
    names: Names,
    queueKind: QueueKind,
    now: () => number,
    onFailure: (error: Error) => void,
  ): Promise<RetryReturns> {
    const returns = new RetryReturns(connection, names, onFailure);
    await returns.#open(queueKind, now);
    return returns;
  }

  /** Tasks on their way back. */
  get pending(): number {
    return this.#underWay.size + this.#direct.size;
  }

  /** Takes no more, and resolves when those on their way have arrived: what is left half-way comes twice. */
  async finish(): Promise<void> {
    this.#consumer?.close();
    await this.#stopConsuming();
    if (this.pending > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  close(): void {
    this.#consumer?.close();
    this.#channel?.close();
  }

  async #open(queueKind: QueueKind, now: () => number): Promise<void> {
    const { connection, names, onFailure } = this;
    const onConfirmed = (task: OutgoingTask) => this.#arrived(task);
    this.#publisher = await Publisher.open(connection, names, { queueKind, onConfirmed, onFailure }, now);
    this.#channel = await LastingChannel.open(
      () => connection.confirmChannel(),
      async (channel) => {
        channel.on('return', ({ properties }) => this.#returned.add(String(properties.messageId)));
      },
      { onFailure },
    );
    this.#consumer = await LastingChannel.open(
      () => connection.channel(),
      async (channel) => {
        if (this.#consumer !== undefined) await assertTopology(connection, names, queueKind.type);
        await channel.prefetch(AT_ONCE);
        const { consumerTag } = await channel.consume(names.retryQueue, (message) => {
          // Deleted: the channel is of no use, and the next one makes the queue again.
          if (message === null) void channel.close().catch(() => {});
          else this.#due({ channel, message });
        });
        this.#stopConsuming = () => channel.cancel(consumerTag).catch(() => {}); // it has gone by itself
      },
      {
        // Delivered again, they are brought back again.
        onLost: () => this.#underWay.clear(),
        onFailure,
      },
    );
  }

  #due(delivery: Delivery): void {
    const { headers, messageId } = delivery.message.properties;
    const queue: unknown = headers?.[QUEUE_HEADER];
    const envelope = decodeEnvelope(headers);
    const { user, sentAt } = envelope;
    if (typeof queue !== 'string' || user === undefined || sentAt === undefined) {
      this.#bury(delivery, 'it does not say which queue it came from');
      return;
    }
    const to = userOfQueue(this.names, queue);
    if (to === undefined) {
      this.#sendTo(queue, delivery);
      return;
    }
    const { type, contentType } = delivery.message.properties;
    const task: OutgoingTask = {
      id: String(messageId),
      type: String(type ?? ''),
      contentType: String(contentType ?? ''),
      payload: delivery.message.content,
      envelope: completeEnvelope(envelope, user, sentAt),
      to,
      headers: withoutDeaths(headers),
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
  #sendTo(queue: string, delivery: Delivery): void {
    this.#send(queue, delivery, {}, () =>
      this.#bury(delivery, `its queue ${JSON.stringify(queue)} is no longer there`),
    );
  }

  #bury(delivery: Delivery, reason: string): void {
    const unroutable = () => this.onFailure(new Error(`"${this.names.deadLetterQueue}" is not there`));
    this.#send(this.names.deadLetterQueue, delivery, { [REASON_HEADER]: reason }, unroutable);
  }

  #send(queue: string, delivery: Delivery, more: object, unroutable: () => void): void {
    const { content, properties } = delivery.message;
    const { messageId: id, type, contentType, timestamp, headers } = properties;
    // A message that comes back is known by its id, and a task may be on its way twice.
    const messageId = String(id ?? `unnamed-${++this.#sent}`);
    const options = {
      ...{ messageId, type, contentType, timestamp, mandatory: true, persistent: true },
      headers: { ...withoutDeaths(headers), ...more },
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

/** On a channel that has gone there is nothing left to say. */
function acknowledge({ channel, message }: Delivery): void {
  try {
    channel.ack(message);
  } catch {
    // It is delivered again.
  }
}

function giveBack({ channel, message }: Delivery): void {
  try {
    channel.nack(message);
  } catch {
    // It is delivered again.
  }
}
