import type { ConfirmChannel } from '../connection/channel.js';
import { type Connection, isNack } from '../connection/connection.js';
import type { PublishProperties } from '../connection/publish-properties.js';
import { ReconnectingChannel } from '../connection/reconnecting-channel.js';

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
  /** What the broker does not take is tried again so often, twice a second. */
  readonly mostNacks: number;
  /** Makes again what somebody may have deleted; before every channel but the first. */
  readonly makeAgain: () => Promise<void>;
  readonly onFailure: (error: Error) => void;
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
  readonly #unconfirmed = new Map<WrittenMessage, { nacks: number }>();
  /** Ids of messages that came back, until they are answered. */
  readonly #returned = new Set<string>();
  #channel: ReconnectingChannel<ConfirmChannel> | undefined;
  #opened = false;

  private constructor(
    private readonly connection: Connection,
    private readonly options: ConfirmedWriterOptions,
  ) {}

  static async open(connection: Connection, options: ConfirmedWriterOptions): Promise<ConfirmedWriter> {
    const writer = new ConfirmedWriter(connection, options);
    writer.#channel = await ReconnectingChannel.open(
      () => connection.confirmChannel(),
      (channel) => writer.#setUp(channel),
      {
        onOpen: (channel) => writer.#sendAgain(channel),
        oldestUnanswered: () => writer.#oldestUnanswered(),
        onFailure: (error) => options.onFailure(error),
      },
    );
    return writer;
  }

  /** While the channel is away it waits: all that is unconfirmed is sent on the next. */
  write(message: WrittenMessage): void {
    this.#unconfirmed.set(message, { nacks: 0 });
    const channel = this.#channel?.current;
    if (channel !== undefined) this.#send(channel, message);
  }

  async #setUp(channel: ConfirmChannel): Promise<void> {
    if (this.#opened) await this.options.makeAgain();
    this.#opened = true;
    channel.on('return', ({ properties }) => this.#returned.add(String(properties.messageId)));
  }

  #sendAgain(channel: ConfirmChannel): void {
    this.#returned.clear();
    for (const message of this.#unconfirmed.keys()) this.#send(channel, message);
  }

  #oldestUnanswered(): WrittenMessage | undefined {
    if (this.connection.blocked) return undefined;
    for (const message of this.#unconfirmed.keys()) return message;
    return undefined;
  }

  #send(channel: ConfirmChannel, message: WrittenMessage): void {
    const { queue, body, properties } = message;
    const options = { persistent: true, mandatory: true, ...properties };
    message.onSend?.();
    channel.sendToQueue(queue, body, options, (error) => {
      // Without an answer, since the channel was lost, it is sent again on the next.
      if (error && !isNack(error)) return;
      if (error) this.#nacked(channel, message);
      else if (this.#returned.delete(String(properties.messageId))) this.#renew(channel);
      else if (this.#unconfirmed.delete(message)) message.onConfirmed(); // otherwise it was sent twice
    });
  }

  /** A stream whose node has just gone takes nothing until it has another leader: it is tried again for a while. */
  #nacked(channel: ConfirmChannel, message: WrittenMessage): void {
    const state = this.#unconfirmed.get(message);
    if (state === undefined) return;
    state.nacks++;
    if (state.nacks <= this.options.mostNacks) {
      this.#renew(channel);
      return;
    }
    this.#unconfirmed.delete(message);
    message.onRefused();
  }

  #renew(channel: ConfirmChannel): void {
    if (channel === this.#channel?.current) this.#channel.renewSoon();
  }
}
