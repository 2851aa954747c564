import { randomUUID } from 'node:crypto';
import type { Channel } from 'amqplib';
import {
  type CeleryMethod,
  CONTROL_EXCHANGE,
  decodeReply,
  encodeCommand,
  REPLY_EXCHANGE,
} from '../../core/celery/pidbox.js';
import type { Connection } from '../connection.js';
import { LastingChannel } from '../lasting-channel.js';

/** Celery's workers answer from their main loop, which may be busy for a moment. From the last answer. */
const PATIENCE_MS = 1_000;
/** Commands under way: each worker goes through them one by one. */
const MOST_AT_ONCE = 200;

/** What has become of a command. */
export interface Told {
  /** Queues of which at least one worker has said that it does as it was told. */
  readonly obeyed: ReadonlySet<string>;
  /** What workers have said that could not. */
  readonly errors: readonly string[];
  /** There are no Celery workers, or none that can be controlled from afar. */
  readonly nobody: boolean;
}

interface Command {
  readonly queue: string;
  onReply(): void;
}

/**
 * Tells Celery's workers which queues to consume, as `app.control.add_consumer` and `cancel_consumer` do, and
 * collects what they say.
 */
export class RemoteControl {
  readonly #commands = new Map<string, Command>();
  readonly #obeyed = new Set<string>();
  readonly #errors: string[] = [];
  #channel: LastingChannel | undefined;
  #replyKey = '';
  #nobody = false;

  private constructor() {}

  /** @param onFailure the broker refuses to let it listen */
  static async open(connection: Connection, onFailure: (error: Error) => void): Promise<RemoteControl> {
    const control = new RemoteControl();
    control.#channel = await LastingChannel.open(
      () => connection.channel(),
      (channel) => control.#setUp(channel),
      { onFailure },
    );
    return control;
  }

  /** Resolves when some worker has answered for each queue, or nobody has said anything for a second. */
  async tell(method: CeleryMethod, queues: readonly string[]): Promise<Told> {
    this.#obeyed.clear();
    this.#errors.length = 0;
    this.#nobody = false;
    for (let from = 0; from < queues.length && !this.#nobody; from += MOST_AT_ONCE) {
      await this.#tellSome(method, queues.slice(from, from + MOST_AT_ONCE));
    }
    return { obeyed: new Set(this.#obeyed), errors: [...new Set(this.#errors)], nobody: this.#nobody };
  }

  close(): void {
    this.#channel?.close();
  }

  async #setUp(channel: Channel): Promise<void> {
    await channel.assertExchange(CONTROL_EXCHANGE, 'fanout', { durable: false });
    await channel.assertExchange(REPLY_EXCHANGE, 'direct', { durable: false });
    const { queue } = await channel.assertQueue('', { exclusive: true, durable: false, autoDelete: true });
    this.#replyKey = queue;
    await channel.bindQueue(queue, REPLY_EXCHANGE, queue);
    channel.on('return', () => {
      this.#nobody = true;
      for (const command of this.#commands.values()) command.onReply();
    });
    await channel.consume(
      queue,
      (message) => {
        const ticket: unknown = message?.properties.headers?.ticket;
        const command = typeof ticket === 'string' ? this.#commands.get(ticket) : undefined;
        const reply = message && decodeReply(message.content.toString('utf8'));
        if (command === undefined || !reply) return;
        if (reply.error === undefined) this.#obeyed.add(command.queue);
        else this.#errors.push(`${reply.worker}: ${reply.error}`);
        command.onReply();
      },
      { noAck: true },
    );
  }

  async #tellSome(method: CeleryMethod, queues: readonly string[]): Promise<void> {
    const channel = this.#channel?.current;
    if (channel === undefined) return;
    const unanswered = new Set(queues);
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((done) => {
      const wait = () => {
        clearTimeout(timer);
        timer = setTimeout(done, PATIENCE_MS);
      };
      for (const queue of queues) {
        const ticket = randomUUID();
        const onReply = () => {
          unanswered.delete(queue);
          if (unanswered.size === 0 || this.#nobody) done();
          else wait();
        };
        this.#commands.set(ticket, { queue, onReply });
        const replyTo = { exchange: REPLY_EXCHANGE, routingKey: this.#replyKey, ticket };
        channel.publish(CONTROL_EXCHANGE, '', Buffer.from(encodeCommand(method, queue, replyTo)), {
          // Comes back where no worker listens: then there is nobody to wait for.
          mandatory: true,
          contentType: 'application/json',
          contentEncoding: 'utf-8',
          headers: { clock: 0, expires: 0 },
        });
      }
      wait();
    });
    clearTimeout(timer);
    this.#commands.clear();
  }
}
