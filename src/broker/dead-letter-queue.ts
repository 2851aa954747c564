import type { Channel, ConsumeMessage } from 'amqplib';
import type { Names } from '../core/names.js';
import { refusedError } from '../errors.js';
import { type Connection, replyCode } from './connection.js';
import { explainRefusal } from './topology.js';

/** Nothing has come for so long: whether the queue has run empty is asked then. */
const ASK_AFTER_MS = 250;

/** Takes a dead letter out of the queue for good. */
export type Acknowledge = () => void;

/**
 * Walks over the dead letters that there are now. Each is held unacknowledged until the end, when all
 * that were not acknowledged go back to their places; so only one may walk at a time.
 */
export class DeadLetterQueue {
  private constructor(
    private readonly channel: Channel,
    private readonly queue: string,
    /** Letters at the moment of opening. */
    readonly size: number,
  ) {}

  static async open(connection: Connection, names: Names): Promise<DeadLetterQueue> {
    const queue = names.deadLetterQueue;
    const channel = await connection.channel();
    try {
      const { messageCount } = await channel.checkQueue(queue);
      return new DeadLetterQueue(channel, queue, messageCount);
    } catch (error) {
      if (replyCode(error) !== 404) throw explainRefusal(error, `the queue "${queue}"`);
      throw refusedError('NO_DEAD_LETTERS', `there is no queue "${queue}" on this vhost`, {
        hint: 'Nothing has been published or run here with this --prefix yet.',
        cause: error,
      });
    }
  }

  /** Calls `visit` for each letter, oldest first, until it says `stop` or has seen them all. */
  async walk(
    visit: (message: ConsumeMessage, acknowledge: Acknowledge) => 'stop' | undefined,
  ): Promise<void> {
    const { channel, queue, size } = this;
    if (size === 0) return;
    let seen = 0;
    let lastAt = performance.now();
    let end: (error?: Error) => void = () => {};
    const ended = new Promise<void>((resolve, reject) => {
      end = (error) => (error === undefined ? resolve() : reject(error));
    });
    channel.once('close', () => end(new Error('the channel was closed before all dead letters were read')));
    const onMessage = (message: ConsumeMessage | null) => {
      if (message === null) {
        end(refusedError('NO_DEAD_LETTERS', `the queue "${queue}" was deleted while it was read`));
        return;
      }
      if (seen >= size) return;
      seen++;
      lastAt = performance.now();
      const stop = visit(message, () => channel.ack(message));
      if (stop === 'stop' || seen === size) end();
    };
    try {
      await channel.consume(queue, onMessage, { exclusive: true });
    } catch (error) {
      if (replyCode(error) !== 403) throw error;
      throw refusedError('DEAD_LETTERS_IN_USE', `somebody else reads "${queue}" at the moment`, {
        hint: 'Let the other "fairq dead" end, and try again.',
        cause: error,
      });
    }
    // Somebody may have taken letters away by other means: fewer than expected is no reason to wait.
    const timer = setInterval(() => {
      if (performance.now() - lastAt < ASK_AFTER_MS) return;
      channel.checkQueue(queue).then(
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

  /** What was not acknowledged goes back. */
  async close(): Promise<void> {
    await this.channel.close().catch(() => {});
  }
}
