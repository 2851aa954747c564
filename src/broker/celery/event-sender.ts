import { MONITOR_EXCHANGE } from '../../core/celery/monitor-events.js';
import type { Channel } from '../connection/channel.js';
import type { Connection } from '../connection/connection.js';
import { ReconnectingChannel } from '../connection/reconnecting-channel.js';
import { explainRefusal } from '../connection/refusal.js';

/** What may wait in this process for a broker that reads slowly. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024;

export interface EventSenderListener {
  /** Events can be sent, for the first time or again. */
  onOpen(): void;
  /** An event was not sent, and will not be. @param why a clause */
  onDropped(why: string): void;
  /** The broker refuses them from here on. */
  onFailure(error: Error): void;
}

/**
 * Sends events to Celery's monitors, on a connection that nothing else uses: a monitor that reads slowly makes the broker
 * slow down the whole connection. What cannot be sent now is dropped, since events are worth something at once or never.
 */
export class EventSender {
  #channel: ReconnectingChannel | undefined;
  #waitingBytes = 0;

  private constructor(
    private readonly connection: Connection,
    /** Of who sends them. */
    private readonly hostname: string,
    private readonly listener: EventSenderListener,
  ) {}

  /** @param connection is closed with the sender */
  static async open(
    connection: Connection,
    hostname: string,
    listener: EventSenderListener,
  ): Promise<EventSender> {
    const sender = new EventSender(connection, hostname, listener);
    connection.lost.catch((error) => listener.onFailure(error));
    sender.#channel = await ReconnectingChannel.open(
      () => connection.channel(),
      (channel) => sender.#setUp(channel),
      { onOpen: () => sender.#openedAgain(), onFailure: (error) => listener.onFailure(error) },
    );
    listener.onOpen();
    return sender;
  }

  /** @param key for the topic exchange */
  send(key: string, body: object): void {
    const channel = this.#channel?.current;
    const why = this.#hindrance(channel);
    if (channel === undefined || why !== undefined) {
      this.listener.onDropped(why ?? '');
      return;
    }
    const content = Buffer.from(JSON.stringify(body));
    const isThrough = channel.publish(MONITOR_EXCHANGE, key, content, {
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      persistent: false,
      headers: { hostname: this.hostname },
    });
    if (!isThrough) this.#waitingBytes += content.length;
  }

  /** What was sent goes out first. */
  async close(): Promise<void> {
    this.#channel?.close();
    await this.connection.close();
  }

  #hindrance(channel: Channel | undefined): string | undefined {
    if (channel === undefined) return 'the connection is lost';
    if (this.connection.blocked) return 'the broker is blocked';
    if (this.#waitingBytes > MOST_WAITING_BYTES) return 'the broker takes them too slowly';
    return undefined;
  }

  async #setUp(channel: Channel): Promise<void> {
    this.#waitingBytes = 0;
    channel.on('drain', () => {
      this.#waitingBytes = 0;
    });
    try {
      await channel.assertExchange(MONITOR_EXCHANGE, 'topic', { durable: true });
    } catch (error) {
      throw explainRefusal(error, "Celery's events", `"${MONITOR_EXCHANGE}"`);
    }
  }

  /** Not for the first channel, on which nothing can be sent yet. */
  #openedAgain(): void {
    if (this.#channel !== undefined) this.listener.onOpen();
  }
}
