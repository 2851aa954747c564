import type { Delivery } from '../../../broker/connection/delivery.js';
import type { ConsumerChannel } from '../../../broker/consuming/consumers.js';
import { ENVELOPE_HEADER } from '../../../core/message/envelope.js';
import type { DeliveredTask, TaskQueue } from '../task/delivered-task.js';
import { type MessageFormat, OWN_FORMAT } from '../task/message-format.js';

/** Whose delivery has not come back by then has gone to somebody else. */
const FORGET_AFTER_MS = 15 * 60_000;

interface Orphan {
  readonly task: DeliveredTask;
  readonly since: number;
}

/**
 * Tasks that lost their delivery while they ran, or before their acknowledgement was known to have arrived: with its
 * channel, or maybe with the consumer that the broker has ended. The broker delivers them again, and most often here: what
 * comes back then is the old task, and is not started a second time.
 */
export class Orphans {
  readonly #byAttempt = new Map<string, Orphan>();

  constructor(private readonly idOf: MessageFormat['idOf'] = OWN_FORMAT.idOf) {}

  /** @param now milliseconds */
  add(task: DeliveredTask, now: number): void {
    this.#byAttempt.set(keyOf(task.id, task.message), { task, since: now });
  }

  /** What comes back is another task from here on. */
  forget(task: DeliveredTask): void {
    const key = keyOf(task.id, task.message);
    if (this.#byAttempt.get(key)?.task === task) this.#byAttempt.delete(key);
  }

  /**
   * Gives a task its new delivery, if this is one of them. One that has failed and is settled is finished with that.
   *
   * @returns the task; undefined where the delivery is of none of them
   */
  adopt(
    queue: Pick<TaskQueue, 'name'>,
    message: Delivery,
    channel: ConsumerChannel,
  ): DeliveredTask | undefined {
    if (this.#byAttempt.size === 0) return undefined;
    const key = keyOf(this.idOf(message) ?? '', message);
    const orphan = this.#byAttempt.get(key);
    if (orphan === undefined || orphan.task.queue.name !== queue.name) return undefined;
    const { task } = orphan;
    this.#byAttempt.delete(key);
    if (task.channel.open) task.channel.ledger.givenBack(task.message.fields.deliveryTag);
    task.message = message;
    task.channel = channel;
    if (task.settled && task.completion === undefined) channel.ledger.finished(message.fields.deliveryTag);
    return task;
  }

  /** @param now milliseconds */
  forgetOld(now: number): void {
    for (const [key, { since }] of this.#byAttempt) {
      if (now - since > FORGET_AFTER_MS) this.#byAttempt.delete(key);
    }
  }
}

/** A failed attempt and the next one are two messages with one id, and so may be two tasks whose ids people gave. */
function keyOf(id: string, message: Delivery): string {
  return `${id} ${envelopeOf(message) ?? 1}`;
}

/** Its text; undefined for what another program has sent. */
export function envelopeOf({ properties }: Delivery): string | undefined {
  const text: unknown = properties.headers?.[ENVELOPE_HEADER];
  return typeof text === 'string' ? text : undefined;
}
