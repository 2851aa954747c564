import { setTimeout as delay } from 'node:timers/promises';
import { CeleryQueues } from '../../../broker/celery/celery-queues.js';
import { assertControlExchanges } from '../../../broker/celery/remote-control.js';
import type { Channel } from '../../../broker/connection/channel.js';
import type { Connection } from '../../../broker/connection/connection.js';
import { LastingChannel } from '../../../broker/connection/lasting-channel.js';
import { ownQueueToListen } from '../../../broker/queues/own-queue.js';
import {
  CONTROL_EXCHANGE,
  decodeCommand,
  encodeReply,
  REPLY_EXCHANGE,
  type ReplyTo,
} from '../../../core/celery/pidbox.js';
import { messageOf } from '../../../core/errors/errors.js';

/** To take up a queue that somebody deletes at the same time. */
const MOST_TRIES = 20;
const TRY_AGAIN_MS = 50;

export interface CeleryEarListener {
  /** Whether the queue is one of this worker's. */
  serves(queue: string): boolean;
  /** The queue was made, and is to be consumed; resolves with whether it is. */
  onQueue(queue: string): Promise<boolean>;
  onFailure(error: Error): void;
}

/**
 * Hears what an application tells its Celery workers, `add_consumer`: so a new user's queue is taken up at once,
 * as a Celery worker would, and not when it is next looked for. Other commands are Celery's own business.
 */
export class CeleryEar {
  readonly #queues: CeleryQueues;
  #channel: LastingChannel | undefined;

  private constructor(
    connection: Connection,
    /** As Celery calls its workers: `name@host`. */
    private readonly node: string,
    private readonly listener: CeleryEarListener,
  ) {
    this.#queues = new CeleryQueues(connection);
  }

  static async open(connection: Connection, node: string, listener: CeleryEarListener): Promise<CeleryEar> {
    const ear = new CeleryEar(connection, node, listener);
    ear.#channel = await LastingChannel.open(
      () => connection.channel(),
      (channel) => ear.#setUp(channel),
      { onFailure: (error) => listener.onFailure(error) },
    );
    return ear;
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
