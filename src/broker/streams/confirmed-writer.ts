import { type Confirmable, ConfirmedSender } from '../connection/confirmed-sender.js';
import { type Connection, ConnectionClosed } from '../connection/connection.js';
import { mostNacks } from '../connection/patience.js';
import type { PublishProperties } from '../connection/publish-properties.js';

/** A message that is written until the broker confirms it. Its `messageId` tells it from the others of its channel. */
export interface WrittenMessage {
  readonly queue: string;
  readonly body: Buffer;
  /** Where these say nothing else, the message is persistent, and comes back when its queue is missing. */
  readonly properties: PublishProperties;
  /** It is about to be sent, for the first time or once more. */
  onSend?(): void;
  onConfirmed(): void;
  /** The broker has refused it again and again: nothing more becomes of it here. */
  onRefused(): void;
}

export interface ConfirmedWriterOptions {
  /** What the broker does not take is tried again for so long. */
  readonly patienceMs: number;
  /** Makes again what somebody may have deleted; before every channel but the first. */
  readonly makeAgain: () => Promise<void>;
  readonly onFailure: (error: Error) => void;
}

interface Written extends Confirmable {
  readonly message: WrittenMessage;
}

/**
 * Writes messages to a stream, each of them until it is confirmed: what a lost channel has not confirmed is sent again,
 * in its order.
 *
 * Each stream has a writer of its own, and nothing else is sent on its channel. The broker numbers what a channel writes
 * to a stream. The stream takes a number that is not above the last for a repeat: it confirms that message and drops it.
 * When the stream gets another leader, RabbitMQ 3.10 sends what is unconfirmed again, under the numbers of the channel's
 * confirms instead (4.0 does not). Both are the same only where every message of the channel has reached that stream.
 * Otherwise what is written later is confirmed and lost. So a channel of which a message came back is given up, too.
 */
export class ConfirmedWriter {
  readonly #sender: ConfirmedSender<Written>;
  #isOpening = false;

  private constructor(
    connection: Connection,
    private readonly options: ConfirmedWriterOptions,
  ) {
    this.#sender = new ConfirmedSender(connection, {
      prepare: async (isFirst) => {
        if (!isFirst) await options.makeAgain();
      },
      sendAgain: (written) => this.#send(written),
      onConfirmed: ({ message }) => message.onConfirmed(),
      onReturned: () => this.#sender.renewSoon(),
      onNacked: (written) => {
        if (written.nacks <= mostNacks(options.patienceMs)) this.#sender.renewSoon();
        else this.#refused(written);
      },
      onFailure: (error) => options.onFailure(error),
    });
  }

  static async open(connection: Connection, options: ConfirmedWriterOptions): Promise<ConfirmedWriter> {
    const writer = new ConfirmedWriter(connection, options);
    await writer.#open();
    return writer;
  }

  /** Opens its channel for the first message. Where that fails, `onFailure` is told. */
  static onDemand(connection: Connection, options: ConfirmedWriterOptions): ConfirmedWriter {
    return new ConfirmedWriter(connection, options);
  }

  /** While the channel is away it waits: all that is unconfirmed is sent on the next. */
  write(message: WrittenMessage): void {
    const written = { id: String(message.properties.messageId), isSent: false, nacks: 0, message };
    this.#sender.add(written);
    if (this.#isOpening) this.#send(written);
    else this.#open().catch((error) => this.#notOpened(error));
  }

  async #open(): Promise<void> {
    this.#isOpening = true;
    await this.#sender.open();
  }

  /** Where the connection is given up there is nothing to tell of its channels. */
  #notOpened(error: Error): void {
    if (!(error instanceof ConnectionClosed)) this.options.onFailure(error);
  }

  #send(written: Written): void {
    const { message } = written;
    const { queue, body, properties } = message;
    message.onSend?.();
    this.#sender.send(written, '', queue, body, { persistent: true, mandatory: true, ...properties });
  }

  #refused(written: Written): void {
    this.#sender.drop(written);
    written.message.onRefused();
  }
}
