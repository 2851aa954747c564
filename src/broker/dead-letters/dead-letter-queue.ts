import { setTimeout as delay } from 'node:timers/promises';
import { refusedError, usageError } from '../../core/errors/errors.js';
import type { Names } from '../../core/queues/names.js';
import { AckLedger } from '../../core/scheduling/ack-ledger.js';
import type { Channel } from '../connection/channel.js';
import { type Connection, replyCode } from '../connection/connection.js';
import type { Delivery } from '../connection/delivery.js';
import { explainRefusal } from '../connection/refusal.js';
import { acknowledgeAll } from '../consuming/consumers.js';
import { type Lock, takeLock } from '../queues/lock.js';
import { type AskDefinition, refuseWherePeeksAreCounted } from './peek-without-loss.js';

/** Nothing has come for so long: whether the queue has run empty is asked then. */
const ASK_AFTER_MS = 250;
/**
 * To acknowledge one delivery the broker looks through all that its channel was sent before and has not
 * acknowledged. With 80,000 letters that stay on one channel it took 8 ms for each one that goes; so they
 * are spread over channels.
 */
const LETTERS_PER_CHANNEL = 1_000;
const MOST_CHANNELS = 100;
/** Acknowledgements go out in so large a batch, and the rest at the end. */
const ACKNOWLEDGE_AT = 200;

/** The broker takes some seconds to put 100,000 letters back. */
const GO_BACK_WITHIN_MS = 60_000;
const ASK_AGAIN_MS = 20;

/** Takes a dead letter out of the queue for good. */
export type Acknowledge = () => void;
export type Visit = (message: Delivery, acknowledge: Acknowledge) => 'stop' | undefined;

interface Place {
  readonly channel: Channel;
  readonly ledger: AckLedger;
  finished: number;
  consumerTag: string | undefined;
}

/**
 * Walks over the dead letters that there are now. Each is held unacknowledged until the end, when all
 * that were not acknowledged go back to their places; so only one may walk at a time.
 */
export class DeadLetterQueue {
  readonly #places: Place[] = [];
  #acknowledged = 0;

  private constructor(
    private readonly connection: Connection,
    private readonly lock: Lock,
    private readonly queue: string,
    /** Letters at the moment of opening. */
    readonly size: number,
  ) {}

  static async open(
    connection: Connection,
    names: Names,
    definition: AskDefinition,
  ): Promise<DeadLetterQueue> {
    const queue = names.deadLetterQueue;
    const lock = await takeLock(connection, `${queue}.lock`);
    if (lock === undefined) {
      throw refusedError('DEAD_LETTERS_IN_USE', `somebody else goes through "${queue}" at the moment`, {
        hint: 'Let the other "fairq dead" end, and try again.',
      });
    }
    try {
      const { messageCount } = await lock.channel.checkQueue(queue);
      await refuseWherePeeksAreCounted(connection, queue, definition);
      return new DeadLetterQueue(connection, lock, queue, messageCount);
    } catch (error) {
      await lock.release();
      if (replyCode(error) !== 404) throw explainRefusal(error, `the queue "${queue}"`);
      throw usageError('NO_DEAD_LETTERS', `there is no queue "${queue}" on this vhost`, {
        hint: 'Nothing has been published or run here with this --prefix yet.',
        cause: error,
      });
    }
  }

  /** Calls `visit` for each letter, the oldest first by and large, until it says `stop` or has seen them all. */
  async walk(visit: Visit): Promise<void> {
    const { queue, size } = this;
    if (size === 0) return;
    let seen = 0;
    let lastAt = performance.now();
    let end: (error?: Error) => void = () => {};
    const ended = new Promise<void>((resolve, reject) => {
      end = (error) => (error === undefined ? resolve() : reject(error));
    });
    ended.catch(() => {});
    const onMessage = (place: Place, message: Delivery | null) => {
      if (message === null) {
        end(refusedError('NO_DEAD_LETTERS', `the queue "${queue}" was deleted while it was read`));
        return;
      }
      if (seen >= size) return;
      seen++;
      lastAt = performance.now();
      const { deliveryTag } = message.fields;
      place.ledger.delivered(deliveryTag);
      const stop = visit(message, () => this.#finished(place, deliveryTag));
      if (stop === 'stop' || seen === size) end();
    };
    const channels = Math.min(MOST_CHANNELS, Math.ceil(size / LETTERS_PER_CHANNEL));
    await Promise.all(Array.from({ length: channels }, () => this.#openPlace(end)));
    await Promise.all(
      this.#places.map(async (place) => {
        const { consumerTag } = await place.channel.consume(queue, (message) => onMessage(place, message));
        place.consumerTag = consumerTag;
      }),
    );
    // Somebody may have taken letters away by other means: fewer than expected is no reason to wait.
    const timer = setInterval(() => {
      if (performance.now() - lastAt < ASK_AFTER_MS) return;
      this.lock.channel.checkQueue(queue).then(
        ({ messageCount }) => {
          if (messageCount === 0 && performance.now() - lastAt >= ASK_AFTER_MS) end();
        },
        () => {}, // fails as the channel does
      );
    }, ASK_AFTER_MS);
    try {
      await ended;
    } finally {
      clearInterval(timer);
    }
  }

  /** What was not acknowledged goes back. Resolves when it is there, and can be walked over again. */
  async close(): Promise<void> {
    for (const place of this.#places) this.#tell(place);
    const places = this.#places.splice(0);
    try {
      await Promise.all(places.map(giveBack));
      await this.#goneBack();
      await this.lock.release();
    } catch {
      // The channels went with their connection.
    }
  }

  async #goneBack(): Promise<void> {
    const until = performance.now() + GO_BACK_WITHIN_MS;
    while (performance.now() < until) {
      const { messageCount } = await this.lock.channel.checkQueue(this.queue);
      if (messageCount >= this.size - this.#acknowledged) return;
      await delay(ASK_AGAIN_MS);
    }
  }

  async #openPlace(end: (error: Error) => void): Promise<void> {
    const channel = await this.connection.channel();
    channel.once('close', () => end(new Error('the channel was closed before all dead letters were read')));
    this.#places.push({ channel, ledger: new AckLedger(), finished: 0, consumerTag: undefined });
  }

  #finished(place: Place, tag: number): void {
    place.ledger.finished(tag);
    place.finished++;
    this.#acknowledged++;
    if (place.finished >= ACKNOWLEDGE_AT) this.#tell(place);
  }

  #tell(place: Place): void {
    if (place.finished === 0 || !this.#places.includes(place)) return;
    place.finished = 0;
    acknowledgeAll(place.channel, place.ledger);
  }
}

/**
 * It is given back in so many words, when nothing more comes: to a quorum queue of 4.3 a consumer that went with its
 * channel was lost, and that counts towards the delivery limit.
 */
async function giveBack({ channel, consumerTag }: Place): Promise<void> {
  if (consumerTag !== undefined) await channel.cancel(consumerTag);
  channel.nackAll(true);
  await channel.close();
}
