import type { Refusal } from '../../../broker/consuming/consume-trial.js';
import {
  ASK_DEPTH_UP_TO_USERS,
  ENOUGH_AT_HAND,
  PATIENCE,
  SHARED_PATIENCE,
} from '../../../core/scheduling/tuning.js';
import type { Clock } from '../../../core/values/clock.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import type { ActiveQueues } from './active-queues.js';
import { Patience } from './patience.js';
import type { PrefetchControl } from './prefetch-control.js';
import type { QueueConsumers } from './queue-consumers.js';
import { RefusedQueues } from './refused-queues.js';
import type { ServedQueue } from './served-queue.js';
import { SpreadQueue } from './spread-queue.js';

export interface ServedQueuesListener {
  /** The worker serves a queue from here on. */
  onTaken(queue: string): void;
  /** The worker serves a queue no more. */
  onDropped(queue: string): void;
  onWarning(text: string): void;
  /** Tasks that run, or have ended and are not acknowledged. */
  unsettled(): Iterable<DeliveredTask>;
}

/** The parts by which queues are taken up. */
export interface ServedQueuesParts {
  readonly consumers: QueueConsumers;
  readonly prefetch: Pick<PrefetchControl, 'first' | 'workers'>;
  readonly active: ActiveQueues;
}

/** The queues that this worker serves: it takes them up, and knows which have a consumer. */
export class ServedQueues {
  readonly #byName = new Map<string, ServedQueue>();
  /** Queues that are consumed, or about to be, by name. */
  readonly #known = new Map<string, ServedQueue>();
  readonly #refused: RefusedQueues;
  readonly #spread = new Set<SpreadQueue>();
  #isOpen = true;

  /** @param make what is known of a queue at first; undefined for one that this worker is not for */
  constructor(
    private readonly parts: ServedQueuesParts,
    private readonly make: (name: string) => ServedQueue | undefined,
    private readonly clock: Clock,
    private readonly listener: ServedQueuesListener,
  ) {
    this.#refused = new RefusedQueues(clock, (text) => listener.onWarning(text));
  }

  /** It takes tasks; false once everything goes back. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  get byName(): ReadonlyMap<string, ServedQueue> {
    return this.#byName;
  }

  /** The queues that are consumed, and those about to be. */
  known(): Iterable<ServedQueue> {
    return this.#known.values();
  }

  /** Those of them that light users share. */
  get spread(): ReadonlySet<SpreadQueue> {
    return this.#spread;
  }

  /** Whether this very queue is served, and not a later one of its name. */
  has(queue: ServedQueue): boolean {
    return this.#byName.get(queue.name) === queue;
  }

  /** Whether the tasks of a queue come here: it is consumed, or will be as soon as the worker has begun, has room again, or its user may go on. */
  serves(name: string): boolean {
    const queue = this.#byName.get(name);
    return (
      queue !== undefined &&
      (!this.#isOpen || queue.yielded || queue.paused || this.parts.consumers.consumes(name))
    );
  }

  /**
   * Those of the queues that match and are not known yet. They count in the prefetch of the others from
   * here on, and want to be consumed soon.
   */
  async find(names: readonly string[]): Promise<ServedQueue[]> {
    const { active, consumers } = this.parts;
    const found = names.flatMap((name) => this.#findOne(name) ?? []);
    active.weigh();
    // Among many users each prefetch is small, whatever waits.
    if (active.size <= ASK_DEPTH_UP_TO_USERS) {
      await Promise.all(found.map(async (queue) => queue.found(await consumers.depth(queue.name))));
    }
    return found;
  }

  #findOne(name: string): ServedQueue | undefined {
    if (this.#known.has(name) || !this.#refused.mayTry(name)) return undefined;
    const queue = this.make(name);
    if (queue === undefined) return undefined;
    this.#known.set(name, queue);
    if (queue instanceof SpreadQueue) this.#spread.add(queue);
    if (!queue.paused) for (const user of queue.users) this.parts.active.add(user);
    return queue;
  }

  /** @param atStake tasks run, and are not to lose their channel over a queue that cannot be consumed */
  async consume(queues: readonly ServedQueue[], atStake = this.anythingAtStake()): Promise<void> {
    await Promise.all(queues.map((queue) => this.#consumeFirst(queue, atStake)));
  }

  /** Whether tasks run here, or have ended and are not acknowledged. */
  anythingAtStake(): boolean {
    for (const _ of this.listener.unsettled()) return true;
    return false;
  }

  async #consumeFirst(queue: ServedQueue, atStake: boolean): Promise<void> {
    if (!this.#isOpen) return;
    if (!this.#byName.has(queue.name)) this.listener.onTaken(queue.name);
    this.#byName.set(queue.name, queue);
    await this.consumeAnew(queue, atStake);
    queue.consumerStarted(this.clock.now());
  }

  /**
   * Resolves when enough of what waited in the queues when they were found is here, or does not come.
   * With other workers about, who may have taken it, that is soon.
   */
  async filled(): Promise<void> {
    const limits = this.parts.prefetch.workers > 1 ? SHARED_PATIENCE : PATIENCE;
    const patience = new Patience(limits, this.clock.now());
    while (patience.lasts(this.#lacking, this.clock.now())) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** So many of the tasks that waited, and have a place in the prefetch, are not here yet. */
  get #lacking(): number {
    let lacking = 0;
    for (const queue of this.#byName.values()) lacking += queue.lacking(ENOUGH_AT_HAND);
    return lacking;
  }

  /** Starts a consumer, with the prefetch that is right now. */
  async consumeAnew(queue: ServedQueue, atStake: boolean): Promise<void> {
    queue.consumed(this.parts.prefetch.first(queue), this.clock.now());
    await this.consumeAgain(queue, atStake);
  }

  /** Starts a consumer, with the prefetch that the last one had. */
  async consumeAgain(queue: ServedQueue, atStake: boolean): Promise<void> {
    if (queue.paused) return; // who lets it go on consumes it
    await this.parts.consumers.subscribe(queue.name, queue, queue.prefetch, atStake);
  }

  /** Ends the consumer of a queue; a delivery may be on its way. */
  async stop(name: string): Promise<void> {
    await this.parts.consumers.unsubscribe(name);
  }

  /** Ends every consumer, for good. */
  async close(): Promise<void> {
    this.#isOpen = false;
    await Promise.all([...this.#byName.keys()].map((name) => this.stop(name)));
  }

  /**
   * A queue is served no more.
   *
   * @param refusal why the broker does not let it be consumed; undefined where it is gone, or left
   */
  drop(queue: ServedQueue, refusal?: Refusal): void {
    const { name } = queue;
    if (this.#byName.delete(name)) this.listener.onDropped(name);
    this.#known.delete(name);
    if (queue instanceof SpreadQueue) this.#spread.delete(queue);
    for (const user of queue.users) this.parts.active.delete(user);
    if (refusal !== undefined) this.#refused.add(name, refusal);
  }

  /** Somebody has spoken of a queue: one that was refused may have changed. */
  spokenOf(name: string): void {
    this.#refused.tryNow(name);
  }

  /** Says what has not been said yet of refused queues. */
  tellRefusals(): void {
    this.#refused.tell();
  }
}
