import type { ConsumeMessage } from 'amqplib';
import type { ConsumerChannel } from '../../broker/consumers.js';
import type { HeldTask, Source } from './task.js';

/** Whose delivery has not come back by then has gone to somebody else. */
const FORGET_AFTER_MS = 15 * 60_000;

interface Orphan {
  readonly task: HeldTask;
  readonly since: number;
  settled: boolean;
}

/**
 * Tasks that lost their delivery, with its channel, while they ran or before they were acknowledged. The
 * broker delivers them again, and most often here: what comes back then is the old task, and is not
 * started a second time.
 */
export class Orphans {
  readonly #byId = new Map<string, Orphan>();

  /** @param now milliseconds */
  add(task: HeldTask, now: number): void {
    this.#byId.set(task.id, { task, since: now, settled: false });
  }

  /** Its completion is safe, and it would be acknowledged if it had a delivery. */
  settled(task: HeldTask): void {
    const orphan = this.#byId.get(task.id);
    if (orphan?.task === task) orphan.settled = true;
  }

  /** What comes back is another task from here on. */
  forget(task: HeldTask): void {
    if (this.#byId.get(task.id)?.task === task) this.#byId.delete(task.id);
  }

  /** Gives a task its new delivery, if this is one of them; one that is settled is finished with that. */
  adopt(source: Source, message: ConsumeMessage, channel: ConsumerChannel): boolean {
    if (this.#byId.size === 0) return false;
    const id = String(message.properties.messageId);
    const orphan = this.#byId.get(id);
    if (orphan === undefined || orphan.task.source.queue !== source.queue) return false;
    this.#byId.delete(id);
    orphan.task.message = message;
    orphan.task.channel = channel;
    if (orphan.settled) channel.ledger.finished(message.fields.deliveryTag);
    return true;
  }

  /** @param now milliseconds */
  forgetOld(now: number): void {
    for (const [id, { since }] of this.#byId) if (now - since > FORGET_AFTER_MS) this.#byId.delete(id);
  }
}
