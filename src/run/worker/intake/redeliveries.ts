import type { Delivery } from '../../../broker/connection/delivery.js';
import type { ConsumerChannel } from '../../../broker/consuming/consumers.js';
import type { DeliveredTask, TaskQueue } from '../task/delivered-task.js';
import type { MessageFormat } from '../task/message-format.js';
import type { WrittenCompletions } from '../task/written-completions.js';
import { Acknowledged, doneIn } from './acknowledged.js';
import { type CameBack, Orphans } from './orphans.js';
import type { ServedQueue } from './served-queue.js';

/**
 * Tasks that have lost their delivery, and that the broker delivers again: most often here. What comes back then is the
 * old task: it is not started a second time. Moments are milliseconds on the monotonic clock.
 */
export class Redeliveries {
  readonly #orphans: Orphans;
  readonly #acknowledged = new Acknowledged();

  /** @param unsettled tasks that run here, or have ended and are not acknowledged */
  constructor(
    idOf: MessageFormat['idOf'],
    private readonly unsettled: () => Iterable<DeliveredTask>,
  ) {
    this.#orphans = new Orphans(idOf);
  }

  /** How much has been acknowledged: what is confirmed of all that is sent from now on shows that this has arrived. */
  get acknowledgedSoFar(): number {
    return this.#acknowledged.count;
  }

  /** Tasks are acknowledged, which the broker does not confirm. */
  acknowledged(tasks: readonly DeliveredTask[], { text, acknowledgedBefore }: WrittenCompletions): void {
    this.#acknowledged.arrived(acknowledgedBefore);
    this.#acknowledged.add(text);
    const lost = tasks.filter(({ channel }) => !channel.open);
    if (lost.length > 0) this.#orphans.settled(lost, doneIn(text));
  }

  /** Gives the old task this delivery, if it is one of them; undefined where it is a task of its own. */
  adopt(queue: TaskQueue, message: Delivery, channel: ConsumerChannel): CameBack | undefined {
    return message.fields.redelivered ? this.#orphans.adopt(queue, message, channel) : undefined;
  }

  /** A channel is gone with all its deliveries, and maybe with acknowledgements that were on their way. */
  channelLost(channel: ConsumerChannel, now: number): void {
    for (const task of this.unsettled()) if (task.channel === channel) this.#orphans.add(task, now);
    // Those of other channels are among them, and do not come back.
    for (const completion of this.#acknowledged.takeDone()) this.#orphans.addDone(completion, now);
  }

  /** The broker has ended a consumer, and delivers again what it had. */
  consumerEnded(source: ServedQueue, channel: ConsumerChannel, now: number): void {
    for (const task of this.unsettled()) {
      if (task.queue.source === source && task.channel === channel) this.#orphans.add(task, now);
    }
  }

  /** What comes back of it is another task from here on. */
  forget(task: DeliveredTask): void {
    this.#orphans.forget(task);
  }

  /** Forgets tasks whose delivery has gone to somebody else. */
  sweep(now: number): void {
    this.#orphans.forgetOld(now);
  }
}
