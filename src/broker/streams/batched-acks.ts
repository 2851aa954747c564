import type { Channel } from '../connection/channel.js';
import type { Delivery } from '../connection/delivery.js';

/** A quarter of what may be on its way to a reader: the broker has always something that it may send. */
const AT_ONCE = 50;
/** No message stays without its acknowledgement: after 30 minutes the broker would close the channel. */
const WITHIN_MS = 100;

/**
 * Acknowledges what comes on the channel of a stream's reader, a batch at a time. Each acknowledgement makes the broker look
 * at the stream. One for each message halves the rate at which a stream is read (3.10), or makes it a third (4.0).
 */
export class BatchedAcks {
  #latest: Delivery | undefined;
  #count = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param channel all of its consumers are to acknowledge here */
  constructor(private readonly channel: Channel) {
    channel.once('close', () => this.#forget());
  }

  add(message: Delivery): void {
    this.#latest = message;
    if (++this.#count >= AT_ONCE) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), WITHIN_MS);
  }

  /** Acknowledges what has come so far. */
  flush(): void {
    if (this.#latest !== undefined && !this.channel.isClosing) this.channel.ack(this.#latest, true);
    this.#forget();
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#latest = undefined;
    this.#count = 0;
  }
}
