import { randomUUID } from 'node:crypto';
import {
  type CeleryOrder,
  type CeleryReply,
  CONTROL_EXCHANGE,
  decodeReply,
  encodeCommand,
  FAIRQ_APP_ID,
  REPLY_EXCHANGE,
} from '../../core/celery/pidbox.js';
import type { Channel } from '../connection/channel.js';
import type { Connection } from '../connection/connection.js';
import { ReconnectingChannel } from '../connection/reconnecting-channel.js';
import { explainRefusal } from '../connection/refusal.js';
import { ownQueueToListen } from '../queues/own-queue.js';

/** Celery's workers answer from their main loop, which may be busy for a moment. From the last answer. */
const PATIENCE_MS = 1_000;
/** Orders under way: each worker goes through them one by one. */
const MOST_AT_ONCE = 200;

/** An order, and what workers have said to it. */
export interface Answered {
  readonly order: CeleryOrder;
  readonly replies: readonly CeleryReply[];
}

interface UnderWay {
  readonly order: CeleryOrder;
  readonly replies: CeleryReply[];
  onReply(): void;
}

/** As Celery's workers declare them, whoever is first. */
export async function assertControlExchanges(channel: Channel): Promise<void> {
  try {
    await channel.assertExchange(CONTROL_EXCHANGE, 'fanout', { durable: false });
    await channel.assertExchange(REPLY_EXCHANGE, 'direct', { durable: false });
  } catch (error) {
    throw explainRefusal(error, "Celery's remote control", `"${CONTROL_EXCHANGE}" and "${REPLY_EXCHANGE}"`);
  }
}

/** Tells Celery's workers what to do, as `app.control` does, and collects what they say. */
export class RemoteControl {
  readonly #underWay = new Map<string, UnderWay>();
  #channel: ReconnectingChannel | undefined;
  #replyKey = '';
  /** Nobody listens on the control exchange. */
  #nobody = false;

  private constructor() {}

  /** @param onFailure the broker refuses to let it listen */
  static async open(connection: Connection, onFailure: (error: Error) => void): Promise<RemoteControl> {
    const control = new RemoteControl();
    control.#channel = await ReconnectingChannel.open(
      () => connection.channel(),
      (channel) => control.#setUp(channel),
      { onFailure },
    );
    return control;
  }

  /** No Celery worker was there when something was said last, or none that can be controlled from afar. */
  get nobody(): boolean {
    return this.#nobody;
  }

  /**
   * Resolves when all who were named have answered each order, or somebody has where nobody was named; or when
   * nobody has said anything for a second.
   */
  async tell(orders: readonly CeleryOrder[]): Promise<Answered[]> {
    const answered: Answered[] = [];
    this.#nobody = false;
    for (let from = 0; from < orders.length && !this.#nobody; from += MOST_AT_ONCE) {
      const isAnswered = ({ order, replies }: UnderWay) =>
        replies.length >= Math.max(1, order.destination?.length ?? 1);
      answered.push(...(await this.#tellSome(orders.slice(from, from + MOST_AT_ONCE), isAnswered)));
    }
    return answered;
  }

  /** What every worker says, until nobody has said anything for a second. */
  async ask(order: CeleryOrder): Promise<readonly CeleryReply[]> {
    this.#nobody = false;
    const [asked] = await this.#tellSome([order], () => false);
    return asked?.replies ?? [];
  }

  close(): void {
    this.#channel?.close();
  }

  async #setUp(channel: Channel): Promise<void> {
    await assertControlExchanges(channel);
    const queue = await ownQueueToListen(channel);
    this.#replyKey = queue;
    await channel.bindQueue(queue, REPLY_EXCHANGE, queue);
    channel.on('return', () => {
      this.#nobody = true;
      for (const one of this.#underWay.values()) one.onReply();
    });
    await channel.consume(
      queue,
      (message) => {
        const ticket: unknown = message?.properties.headers?.ticket;
        const one = typeof ticket === 'string' ? this.#underWay.get(ticket) : undefined;
        const reply = message && decodeReply(message.content.toString('utf8'));
        if (one === undefined || !reply) return;
        one.replies.push(reply);
        one.onReply();
      },
      { noAck: true },
    );
  }

  async #tellSome(
    orders: readonly CeleryOrder[],
    isAnswered: (one: UnderWay) => boolean,
  ): Promise<Answered[]> {
    const channel = this.#channel?.current;
    if (channel === undefined) return orders.map((order) => ({ order, replies: [] }));
    const told: UnderWay[] = [];
    const unanswered = new Set<UnderWay>();
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((done) => {
      const wait = () => {
        clearTimeout(timer);
        timer = setTimeout(done, PATIENCE_MS);
      };
      for (const order of orders) {
        const ticket = randomUUID();
        const one: UnderWay = {
          order,
          replies: [],
          onReply: () => {
            if (isAnswered(one)) unanswered.delete(one);
            if (unanswered.size === 0 || this.#nobody) done();
            else wait();
          },
        };
        told.push(one);
        unanswered.add(one);
        this.#underWay.set(ticket, one);
        const replyTo = { exchange: REPLY_EXCHANGE, routingKey: this.#replyKey, ticket };
        channel.publish(CONTROL_EXCHANGE, '', Buffer.from(encodeCommand(order, replyTo)), {
          // Comes back where no worker listens: then there is nobody to wait for.
          mandatory: true,
          contentType: 'application/json',
          contentEncoding: 'utf-8',
          appId: FAIRQ_APP_ID,
          headers: { clock: 0, expires: 0 },
        });
      }
      wait();
    });
    clearTimeout(timer);
    for (const [ticket, one] of this.#underWay) if (told.includes(one)) this.#underWay.delete(ticket);
    return told;
  }
}
