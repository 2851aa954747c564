import type { ConsumerChannel } from '../../../broker/consuming/consumers.js';
import type { Scheduler } from '../../../core/scheduling/scheduler.js';
import type { Clock } from '../../../core/values/clock.js';
import type { DeliveredTask, TaskQueue } from '../task/delivered-task.js';
import type { ActiveQueues } from './active-queues.js';
import type { ConsumedQueue } from './consumed-queue.js';
import { giveBack } from './giving-back.js';
import type { ServedQueues } from './served-queues.js';

export interface PausingParts {
  readonly served: Pick<ServedQueues, 'isOpen' | 'has' | 'stop' | 'consumeAnew'>;
  readonly active: ActiveQueues;
  readonly scheduler: Pick<Scheduler<DeliveredTask>, 'takeBack' | 'rest'>;
}

/**
 * Pauses queues, and lets them go on.
 *
 * From the moment of the pause nothing of the queue starts: its prefetched tasks leave the scheduler at once. They go back to
 * the broker when its consumer has ended, since before that the broker would deliver them here again. The pause holds
 * when the broker has taken them back.
 */
export class Pausing {
  /** Of queues whose consumer is being ended: what is to go back. */
  readonly #held = new Map<TaskQueue, DeliveredTask[]>();
  /** The last change of each queue that is not through yet: the next one waits for it. */
  readonly #changes = new Map<ConsumedQueue, Promise<void>>();
  readonly #paused = new Set<ConsumedQueue>();

  constructor(
    private readonly parts: PausingParts,
    private readonly clock: Clock,
  ) {}

  /** Starts nothing of the queue from now on; resolves when the broker has all of it that does not run. */
  pause(queue: ConsumedQueue): Promise<void> {
    if (!queue.paused) {
      queue.pause();
      this.#paused.add(queue);
      this.parts.active.delete(queue);
      this.#held.set(queue, [...(this.#held.get(queue) ?? []), ...this.#takeOut(queue)]);
      this.#change(queue, () => this.#stop(queue));
    }
    return this.#changes.get(queue) ?? Promise.resolve();
  }

  /** Consumes the queue again; its user has no credit for the time of the pause. */
  resume(queue: ConsumedQueue): Promise<void> {
    if (queue.paused) {
      queue.resume();
      this.#paused.delete(queue);
      this.#change(queue, () => this.#goOn(queue));
    }
    return this.#changes.get(queue) ?? Promise.resolve();
  }

  /** Gives a task of a paused queue back, at the latest when the consumer has ended. @returns whether it is one */
  turnsAway(task: DeliveredTask): boolean {
    if (!task.queue.paused) return false;
    const held = this.#held.get(task.queue);
    if (held === undefined) giveBack(task);
    else held.push(task);
    return true;
  }

  /** Now and then: gives back what has come into a row of the scheduler after the pause. */
  sweep(): void {
    for (const queue of this.#paused) {
      if (!this.parts.served.has(queue)) this.#paused.delete(queue);
      if (!this.#held.has(queue)) for (const task of this.#takeOut(queue)) giveBack(task);
    }
  }

  #change(queue: ConsumedQueue, work: () => Promise<void>): void {
    const change = (this.#changes.get(queue) ?? Promise.resolve()).then(work).finally(() => {
      if (this.#changes.get(queue) === change) this.#changes.delete(queue);
    });
    this.#changes.set(queue, change);
  }

  async #stop(queue: ConsumedQueue): Promise<void> {
    await this.parts.served.stop(queue.name);
    const tasks = [...(this.#held.get(queue) ?? []), ...this.#takeOut(queue)];
    this.#held.delete(queue);
    const channels = new Set<ConsumerChannel>();
    for (const task of tasks) {
      channels.add(task.channel);
      giveBack(task);
    }
    queue.rest(this.clock.now());
    await Promise.all([...channels].map((channel) => channel.settled()));
  }

  async #goOn(queue: ConsumedQueue): Promise<void> {
    const { served, active, scheduler } = this.parts;
    if (queue.paused || !served.isOpen || !served.has(queue)) return;
    active.add(queue);
    scheduler.rest(queue.lane);
    // Somebody may have deleted it meanwhile: no channel that has tasks is to be lost over that.
    await served.consumeAnew(queue, true);
  }

  #takeOut(queue: ConsumedQueue): DeliveredTask[] {
    const tasks: DeliveredTask[] = [];
    for (;;) {
      const task = this.parts.scheduler.takeBack(queue.lane);
      if (task === undefined) return tasks;
      tasks.push(task);
    }
  }
}
