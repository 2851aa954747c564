import type { Delivery } from '../../../broker/connection/delivery.js';
import type { ConsumerChannel } from '../../../broker/consuming/consumers.js';
import type { TaskEvent } from '../../../core/events/task-event.js';
import { decodeEnvelope, ENVELOPE_HEADER } from '../../../core/message/envelope.js';
import type { DeliveredTask, TaskQueue } from '../task/delivered-task.js';
import { type MessageFormat, OWN_FORMAT } from '../task/message-format.js';

/** Whose delivery has not come back by then has gone to somebody else. */
const FORGET_AFTER_MS = 15 * 60_000;

/** A task that runs here, or has ended and is not safe. */
interface Orphan {
  readonly task: DeliveredTask;
  readonly since: number;
  /** Its completion, where it is done and that is safe. */
  completion: TaskEvent | undefined;
}

/** A task that is done, of which there is no more than its completion. */
interface Done {
  readonly completion: TaskEvent;
  readonly since: number;
}

/** What a delivery is that is no task of its own. */
export type CameBack =
  /** It belongs to a task that runs here, or that has failed: there is nothing to do. */
  | { readonly kind: 'known' }
  /** Its task is done, and the completion is to be written once more. */
  | { readonly kind: 'done'; readonly completion: TaskEvent };

/**
 * Tasks that lost their delivery while they ran, or before their acknowledgement was known to have arrived: with its
 * channel, or maybe with the consumer that the broker has ended. The broker delivers them again, and most often here: what
 * comes back then is the old task, and is not started a second time.
 */
export class Orphans {
  readonly #byAttempt = new Map<string, Orphan>();
  readonly #done = new Map<string, Done>();

  constructor(private readonly idOf: MessageFormat['idOf'] = OWN_FORMAT.idOf) {}

  /** @param now milliseconds */
  add(task: DeliveredTask, now: number): void {
    this.#byAttempt.set(keyOf(task.id, task.message), { task, since: now, completion: undefined });
  }

  /**
   * The same for a task that is done, and acknowledged. One that came without an envelope is not known again.
   *
   * @param now milliseconds
   */
  addDone(completion: TaskEvent, now: number): void {
    const { id, user, run, sequence, enqueued } = completion;
    this.#done.set(doneKey(id, user, run, sequence, enqueued), { completion, since: now });
  }

  /** Tasks are safe whose delivery was lost before. @param completions of those that are done */
  settled(tasks: readonly DeliveredTask[], completions: readonly TaskEvent[]): void {
    const byId = new Map(completions.map((completion) => [completion.id, completion]));
    for (const task of tasks) {
      const orphan = this.#byAttempt.get(keyOf(task.id, task.message));
      if (orphan?.task === task) orphan.completion = byId.get(task.id);
    }
  }

  /** What comes back is another task from here on. */
  forget(task: DeliveredTask): void {
    const key = keyOf(task.id, task.message);
    if (this.#byAttempt.get(key)?.task === task) this.#byAttempt.delete(key);
  }

  /**
   * Gives a task its new delivery, if this is one of them. One that has failed and is settled is finished with that.
   *
   * @returns undefined where the delivery is of none of them
   */
  adopt(queue: Pick<TaskQueue, 'name'>, message: Delivery, channel: ConsumerChannel): CameBack | undefined {
    return this.#adoptOrphan(queue, message, channel) ?? this.#adoptDone(message);
  }

  #adoptOrphan(
    queue: Pick<TaskQueue, 'name'>,
    message: Delivery,
    channel: ConsumerChannel,
  ): CameBack | undefined {
    if (this.#byAttempt.size === 0) return undefined;
    const key = keyOf(this.idOf(message) ?? '', message);
    const orphan = this.#byAttempt.get(key);
    if (orphan === undefined || orphan.task.queue.name !== queue.name) return undefined;
    const { task, completion } = orphan;
    this.#byAttempt.delete(key);
    if (completion !== undefined) return { kind: 'done', completion };
    if (task.channel.open) task.channel.ledger.givenBack(task.message.fields.deliveryTag);
    task.message = message;
    task.channel = channel;
    if (task.settled) channel.ledger.finished(message.fields.deliveryTag);
    return { kind: 'known' };
  }

  #adoptDone(message: Delivery): CameBack | undefined {
    if (this.#done.size === 0) return undefined;
    const { user, run, sequence, intendedAt } = decodeEnvelope(message.properties.headers);
    if (user === undefined || run === undefined || sequence === undefined || intendedAt === undefined)
      return undefined;
    const key = doneKey(this.idOf(message) ?? '', user, run, sequence, intendedAt);
    const done = this.#done.get(key);
    this.#done.delete(key);
    return done && { kind: 'done', completion: done.completion };
  }

  /** @param now milliseconds */
  forgetOld(now: number): void {
    for (const known of [this.#byAttempt, this.#done]) {
      for (const [key, { since }] of known) if (now - since > FORGET_AFTER_MS) known.delete(key);
    }
  }
}

/** A failed attempt and the next one are two messages with one id, and so may be two tasks whose ids people gave. */
function keyOf(id: string, message: Delivery): string {
  return `${id} ${envelopeOf(message) ?? 1}`;
}

/** A task with its user, whichever of its attempts: where a later one is done, an earlier one that comes back is too. */
function doneKey(id: string, user: string, run: string, sequence: number, intendedAt: number): string {
  return JSON.stringify([id, user, run, sequence, intendedAt]);
}

/** Its text; undefined for what another program has sent. */
function envelopeOf({ properties }: Delivery): string | undefined {
  const text: unknown = properties.headers?.[ENVELOPE_HEADER];
  return typeof text === 'string' ? text : undefined;
}
