import { pidboxQueue } from '../../../broker/celery/pidbox-queue.js';
import { assertControlExchanges } from '../../../broker/celery/remote-control.js';
import type { Channel } from '../../../broker/connection/channel.js';
import type { Connection } from '../../../broker/connection/connection.js';
import type { Delivery } from '../../../broker/connection/delivery.js';
import { ReconnectingChannel } from '../../../broker/connection/reconnecting-channel.js';
import { isAddressed } from '../../../core/celery/node-name.js';
import {
  type CeleryCommand,
  CONTROL_EXCHANGE,
  decodeCommand,
  encodeReply,
  FAIRQ_APP_ID,
  REPLY_EXCHANGE,
  type ReplyTo,
} from '../../../core/celery/pidbox.js';
import { messageOf } from '../../../core/errors/errors.js';
import type { CeleryNode } from './celery-node.js';
import type { ControlPanel } from './control-panel.js';
import { NOT_OURS } from './new-consumers.js';
import { matchesExpression } from './pattern-matching.js';

/** The broker takes no larger message (16 MB from RabbitMQ 4 on). */
const MOST_REPLY_BYTES = 8 * 1024 * 1024;

/**
 * An integer for a header that Python reads. Its client takes the mark of an integer of 16 bits for that of a text, and
 * fails at the whole message.
 */
function wide(value: number): object {
  return { '!': 'int64', value };
}

export interface CeleryControlListener {
  onWarning(text: string): void;
  onFailure(error: Error): void;
}

/** Consumes what an application and monitors say to Celery workers, and answers as a Celery worker does. */
export class CeleryControlConsumer {
  #channel: ReconnectingChannel | undefined;
  /** Commands that somebody gave in vain without waiting for an answer; each is spoken of once. */
  readonly #refused = new Set<string>();

  private constructor(
    private readonly connection: Connection,
    private readonly node: CeleryNode,
    private readonly panel: ControlPanel,
    private readonly listener: CeleryControlListener,
  ) {}

  static async open(
    connection: Connection,
    node: CeleryNode,
    panel: ControlPanel,
    listener: CeleryControlListener,
  ): Promise<CeleryControlConsumer> {
    const consumer = new CeleryControlConsumer(connection, node, panel, listener);
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
    const queue = await pidboxQueue(this.connection, channel, this.node.name);
    await channel.bindQueue(queue, CONTROL_EXCHANGE, '');
    await channel.consume(queue, (message) => message && this.#delivered(message), { noAck: true });
  }

  #delivered({ content, properties }: Delivery): void {
    const { clock } = this.node;
    clock.adjust(properties.headers?.clock);
    const command = decodeCommand(content.toString('utf8'));
    if (command === undefined || !isAddressed(this.node.name, command, matchesExpression)) return;
    // What fairq asks of Celery's workers its own workers are asked in another way.
    if (properties.appId === FAIRQ_APP_ID && command.method !== 'add_consumer') return;
    this.#heard(command).catch((error) => this.listener.onFailure(error));
  }

  async #heard(command: CeleryCommand): Promise<void> {
    const { method, replyTo } = command;
    if (replyTo === undefined) this.#warnOfRefusal(method);
    try {
      const said = await this.panel.answer(command);
      if (said !== NOT_OURS && replyTo !== undefined) this.#reply(replyTo, said);
    } catch (error) {
      if (replyTo !== undefined) this.#reply(replyTo, { error: messageOf(error) });
      throw error;
    }
  }

  #warnOfRefusal(method: string): void {
    const instead = this.panel.refusal(method);
    if (instead === undefined || this.#refused.has(method)) return;
    this.#refused.add(method);
    this.listener.onWarning(
      `a Celery client said "${method}", which this worker does not follow: ${instead}`,
    );
  }

  #reply({ exchange, routingKey, ticket }: ReplyTo, said: unknown): void {
    // An exchange that is not there would cost the channel, and anybody may name one.
    if (exchange !== REPLY_EXCHANGE) return;
    const { name, clock } = this.node;
    let content = Buffer.from(encodeReply(name, said));
    if (content.length > MOST_REPLY_BYTES) {
      const error = `the answer is too large, ${content.length} bytes: ask "fairq queues list" or "fairq tasks"`;
      content = Buffer.from(encodeReply(name, { error }));
    }
    this.#channel?.current?.publish(exchange, routingKey, content, {
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      persistent: false,
      headers: { ticket, clock: wide(clock.forward()) },
    });
  }
}
