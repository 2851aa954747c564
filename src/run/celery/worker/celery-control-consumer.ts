import { setTimeout as delay } from 'node:timers/promises';
import { CeleryQueues } from '../../../broker/celery/celery-queues.js';
import { assertControlExchanges } from '../../../broker/celery/remote-control.js';
import type { Channel } from '../../../broker/connection/channel.js';
import type { Connection } from '../../../broker/connection/connection.js';
import { ReconnectingChannel } from '../../../broker/connection/reconnecting-channel.js';
import { ownQueueToListen } from '../../../broker/queues/own-queue.js';
import {
  CONTROL_EXCHANGE,
  decodeCommand,
  encodeReply,
  REPLY_EXCHANGE,
  type ReplyTo,
} from '../../../core/celery/pidbox.js';
import { messageOf } from '../../../core/errors/errors.js';

/** Tries to take up a queue that somebody deletes at the same time. */
const MOST_TRIES = 20;
const TRY_AGAIN_MS = 50;

export interface CeleryControlListener {
  /** Whether the queue is one of this worker's. */
  serves(queue: string): boolean;
  /** The queue was made, and is to be consumed; resolves with whether it is. */
  onQueue(queue: string): Promise<boolean>;
  onFailure(error: Error): void;
}

/**
 * Consumes what an application tells its Celery workers, `add_consumer`. So a new user's queue is taken up at once,
 * as a Celery worker takes it up, and not at the next listing. Other commands are Celery's own business.
 */
export class CeleryControlConsumer {
  readonly #queues: CeleryQueues;
  #channel: ReconnectingChannel | undefined;

  private constructor(
    connection: Connection,
    /** As Celery calls its workers: `name@host`. */
    private readonly node: string,
    private readonly listener: CeleryControlListener,
  ) {
    this.#queues = new CeleryQueues(connection);
  }

  static async open(
    connection: Connection,
    node: string,
    listener: CeleryControlListener,
  ): Promise<CeleryControlConsumer> {
    const consumer = new CeleryControlConsumer(connection, node, listener);
    consumer.#channel = await ReconnectingChannel.open(
      () => connection.channel(),
      (channel) => consumer.#setUp(channel),
      { onFailure: (error) => listener.onFailure(error) },
    );
    return consumer;
  }

  close(): void {
    this.#channel?.close();
  }

  async #setUp(channel: Channel): Promise<void> {
    await assertControlExchanges(channel);
    const queue = await ownQueueToListen(channel);
    await channel.bindQueue(queue, CONTROL_EXCHANGE, '');
    const onMessage = (content: string) =>
      this.#heard(content).catch((error) => this.listener.onFailure(error));
    await channel.consume(queue, (message) => message && void onMessage(message.content.toString('utf8')), {
      noAck: true,
    });
  }

  async #heard(content: string): Promise<void> {
    const command = decodeCommand(content);
    if (command?.method !== 'add_consumer' || command.queue === undefined) return;
    const { queue, destination, replyTo, exchange, exchangeType, routingKey } = command;
    const binding = {
      ...(exchange !== undefined && { exchange }),
      ...(exchangeType !== undefined && { exchangeType }),
      ...(routingKey !== undefined && { routingKey }),
    };
    if (destination?.includes(this.node) === false || !this.listener.serves(queue)) return;
    // Celery's workers declare what they are told to consume: whoever told them relies on it.
    try {
      await this.#queues.make(queue, binding);
      for (let tries = 1; !(await this.listener.onQueue(queue)); tries++) {
        if (tries === MOST_TRIES) throw new Error(`the queue "${queue}" is not consumed`);
        await delay(TRY_AGAIN_MS);
        await this.#queues.make(queue, binding); // somebody may have pruned it in between
      }
    } catch (error) {
      if (replyTo !== undefined) this.#reply(replyTo, { error: messageOf(error) });
      throw error;
    }
    if (replyTo !== undefined) this.#reply(replyTo, { ok: `add consumer ${queue}` });
  }

  #reply({ exchange, routingKey, ticket }: ReplyTo, said: Parameters<typeof encodeReply>[1]): void {
    // An exchange that is not there would cost the channel, and anybody may name one.
    if (exchange !== REPLY_EXCHANGE) return;
    this.#channel?.current?.publish(exchange, routingKey, Buffer.from(encodeReply(this.node, said)), {
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      headers: { ticket, clock: 0 },
    });
  }
}
