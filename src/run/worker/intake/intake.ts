import type { Connection } from '../../../broker/connection/connection.js';
import type { Delivery } from '../../../broker/connection/delivery.js';
import { type ConsumerChannel, Consumers } from '../../../broker/consuming/consumers.js';
import { CANARY_TYPE } from '../../../broker/publishing/unroutable.js';
import type { TaskEvent } from '../../../core/events/task-event.js';
import type { Charging } from '../../../core/scheduling/charging.js';
import type { Prefetch } from '../../../core/scheduling/prefetch.js';
import type { Lane, Scheduler } from '../../../core/scheduling/scheduler.js';
import type { TaskTimes } from '../../../core/scheduling/task-times.js';
import {
  ADJUST_AT_ONCE,
  ADJUST_EVERY_MS,
  SHRINK_EVERY_MS,
  SWEEP_OLD_EVERY_MS,
} from '../../../core/scheduling/tuning.js';
import type { Clock } from '../../../core/values/clock.js';
import type { QueueFilter } from '../discovery/queue-filter.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import type { MessageFormat } from '../task/message-format.js';
import type { WrittenCompletions } from '../task/written-completions.js';
import { ActiveQueues } from './active-queues.js';
import { ConsumedQueue } from './consumed-queue.js';
import { GivingBack, giveBack } from './giving-back.js';
import { Leaving } from './leaving.js';
import { Pausing } from './pausing.js';
import { PrefetchControl, type PrefetchOptions } from './prefetch-control.js';
import { Redeliveries } from './redeliveries.js';
import { Rests } from './rests.js';
import type { ActiveUser, ServedQueue, ServedUser } from './served-queue.js';
import { ServedQueues, type ServedQueuesListener } from './served-queues.js';
import { LightUser, SpreadQueue } from './spread-queue.js';
import { StartGate } from './start-gate.js';

export interface IntakeOptions extends Omit<PrefetchOptions, 'spreadQueues'> {
  readonly charging: Charging;
  readonly times: TaskTimes;
  readonly filter: QueueFilter;
  readonly format: MessageFormat;
  /** An id for a message that has none. */
  newId(): string;
}

export interface IntakeListener extends ServedQueuesListener {
  onDelivery(): void;
  /** A queue is about to be served. */
  onNewQueue?(queue: ConsumedQueue): void;
  /** Tasks of a light user come that had none here. */
  onLightUser(user: LightUser): void;
  /** Whether a light user has a queue of its own now: its task is to be moved there, and gets no turn here. */
  movesOn(task: DeliveredTask, user: LightUser): boolean;
  /** What was delivered on it is delivered again. */
  onChannelLost(channel: ConsumerChannel): void;
  /** So much of a light user waits here that it is to have a queue of its own. */
  onHeavy(user: LightUser): void;
  /** The task waits here for its turn. */
  onReceived?: ((task: DeliveredTask) => void) | undefined;
  /**
   * The task is not to start yet. It counts as outstanding, and is to be settled elsewhere.
   *
   * @param dueAt microseconds since the epoch
   * @returns false where that cannot be done at the moment: it goes back to the broker
   */
  onNotDue(task: DeliveredTask, dueAt: number): boolean;
  /** A task that is done has been delivered again: its completion is to be written again, and then it is settled. */
  onDoneBefore(task: DeliveredTask, completion: TaskEvent): void;
  onPrefetch(queue: ServedQueue, prefetch: Prefetch): void;
  onFailure(error: Error): void;
}

/** Takes tasks in: what its queues deliver goes to the scheduler. It adjusts how much they deliver. */
// long because: it ties its parts together, and what a task meets here is in the order of its methods.
export class Intake {
  readonly served: ServedQueues;
  readonly leaving: Leaving;
  readonly givingBack: GivingBack;
  readonly pausing: Pausing;
  readonly prefetch: PrefetchControl;
  readonly active: ActiveQueues;
  readonly #gate: StartGate;
  readonly #rests: Rests;
  readonly #redeliveries: Redeliveries;
  readonly #consumers: Consumers<ServedQueue>;
  readonly #format: MessageFormat;
  /** The most that was prefetched at once. */
  mostPrefetched = 0;
  #lastAdjusted = 0;
  #lastShrink = 0;
  #lastSweep = 0;

  constructor(
    connection: Connection,
    private readonly options: IntakeOptions,
    private readonly scheduler: Scheduler<DeliveredTask>,
    private readonly clock: Clock,
    private readonly listener: IntakeListener,
  ) {
    const onFailure = (error: Error) => listener.onFailure(error);
    this.#format = options.format;
    this.#gate = new StartGate(clock);
    this.#rests = new Rests(scheduler, clock);
    this.#redeliveries = new Redeliveries(options.format.idOf, () => listener.unsettled());
    this.#consumers = new Consumers<ServedQueue>(connection, {
      onDelivery: (queue, message, channel) => this.#delivered(queue, message, channel),
      onQueueGone: (queue, refusal) => this.served.drop(queue, refusal),
      onConsumerEnded: (queue, channel) => this.#consumerEnded(queue, channel),
      onChannelLost: (channel) => this.#channelLost(channel),
      onChannelRefused: (reason) =>
        listener.onWarning(`a channel was lost (${reason}); its tasks are delivered again`),
      onFailure,
    });
    const consumers = this.#consumers;
    const active = new ActiveQueues(options.charging, options.concurrency, options.times);
    this.active = active;
    const prefetching = { ...options, spreadQueues: () => this.served.spread.size };
    this.prefetch = new PrefetchControl(prefetching, options.times, active, consumers, {
      onResized: (queue, prefetch) => {
        listener.onPrefetch(queue, prefetch);
        this.givingBack.beyondPrefetch(queue);
      },
      onFailure,
    });
    const parts = { consumers, prefetch: this.prefetch, active };
    this.served = new ServedQueues(parts, (name) => this.#newQueue(name), clock, listener);
    this.leaving = new Leaving(this.served, consumers, clock);
    this.givingBack = new GivingBack(this.served, active, scheduler, clock, onFailure);
    this.pausing = new Pausing({ served: this.served, active, scheduler }, clock);
  }

  async open(): Promise<void> {
    await this.#consumers.open();
  }

  /** Users with tasks here, or who had some a moment ago, or may have some in a moment. */
  get activeUsers(): number {
    return this.active.size;
  }

  /** Whether one of the active users has a lane that is none of these. */
  hasActiveBeside(isOne: (lane: Lane<DeliveredTask>) => boolean): boolean {
    for (const { lane } of this.active) if (!isOne(lane)) return true;
    return false;
  }

  /** Every user's prefetch is so full that the broker may soon have nothing that it can send. */
  get prefetchFilled(): boolean {
    for (const queue of this.active) if (queue.isActive && queue.isHalfEmpty) return false;
    return true;
  }

  /** How long the next start may wait for deliveries that may be due before it; milliseconds, 0 for not at all. */
  waitMs(): number {
    return this.#gate.waitMs(this.scheduler.startable);
  }

  /** Resolves when all is here that the broker has sent until now. */
  async allArrived(): Promise<void> {
    await this.#consumers.settled();
  }

  /** Takes up those of the queues that match and are not consumed yet. */
  async take(names: readonly string[]): Promise<void> {
    await this.served.consume(await this.served.find(this.leaving.withoutLeft(names)));
  }

  /** Takes up queues that were just made, or that a pruner has kept. */
  async takeAnnounced(names: readonly string[]): Promise<void> {
    for (const name of names) {
      this.leaving.announced(name);
      this.served.spokenOf(name);
    }
    await this.take(names);
  }

  /** Those whose tasks come here, or came a moment ago, and those who have a queue that is served. */
  *users(): Iterable<ServedUser> {
    for (const { users } of this.served.byName.values()) yield* users;
  }

  /** The queues that are served and are one user's, or one group's. */
  *userQueues(): Iterable<ConsumedQueue> {
    for (const queue of this.served.known()) if (queue instanceof ConsumedQueue) yield queue;
  }

  /** Whose tasks are of this queue; undefined where none of them is here and the queue is not served. */
  userOf(queue: string): ServedUser | undefined {
    const served = this.served.byName.get(queue);
    if (served instanceof ConsumedQueue) return served;
    const user = this.options.filter.userOf(queue);
    for (const spread of this.served.spread) {
      const light = spread.user(user);
      if (light?.name === queue) return light;
    }
    return undefined;
  }

  #newQueue(name: string): ServedQueue | undefined {
    const { filter } = this.options;
    if (!filter.matches(name)) return undefined;
    if (filter.isSpread(name)) {
      return new SpreadQueue(name, (user, queue) => this.#meet(user, queue), this.clock.now());
    }
    const lane = this.scheduler.lane(filter.userOf(name), name);
    this.scheduler.rest(lane);
    const queue = new ConsumedQueue(name, lane, this.clock.now());
    this.listener.onNewQueue?.(queue);
    return queue;
  }

  #meet(user: string, queue: SpreadQueue): LightUser {
    const lane = this.scheduler.lane(user, lightKey(user, queue));
    this.scheduler.rest(lane);
    const light = new LightUser(this.options.filter.queueOf(user), lane, queue, this.clock.now());
    this.listener.onLightUser(light);
    return light;
  }

  #forget(user: LightUser): void {
    user.source.forget(user);
    this.scheduler.forget(user.lane, lightKey(user.lane.user, user.source));
  }

  #delivered(source: ServedQueue, message: Delivery, channel: ConsumerChannel): void {
    const queue = source.userOf(message);
    const now = this.clock.now();
    const cameBack = this.#redeliveries.adopt(queue, message, channel);
    if (cameBack !== undefined) {
      if (cameBack.kind === 'done') this.#settleAgain(queue, message, channel, cameBack.completion);
      this.#consumers.acknowledge();
      return;
    }
    this.#rests.delivered(queue, message, now, this.prefetch.brokerLimits);
    queue.delivered(now);
    this.#gate.delivered(now);
    if (!queue.paused) this.active.add(queue);
    const task = this.#task(queue, message, channel, this.#format.idOf(message) ?? this.options.newId());
    if (queue instanceof LightUser) {
      // Somebody's publisher has asked whether what finds no queue comes back, and it has come here.
      const isCanary = message.properties.type === CANARY_TYPE;
      if (isCanary) this.settled([task]);
      if (isCanary || this.listener.movesOn(task, queue)) return;
    }
    if (this.pausing.turnsAway(task)) return;
    const dueAt = this.#format.dueAt(message);
    if (dueAt !== undefined && dueAt > task.arrivedAt) {
      this.#notDue(task, dueAt);
      return;
    }
    this.#push(task);
    if (this.scheduler.prefetched > this.mostPrefetched) this.mostPrefetched = this.scheduler.prefetched;
    this.listener.onReceived?.(task);
    this.listener.onDelivery();
  }

  #push(task: DeliveredTask): void {
    const { lane, queue } = task;
    this.scheduler.push(lane, task);
    if (!(queue instanceof LightUser)) return;
    if (queue.isHeavy) this.listener.onHeavy(queue);
    else if (queue.mayBeHeavy) this.#lookCloser(queue.source);
  }

  #lookCloser(queue: SpreadQueue): void {
    const now = this.clock.now();
    queue.crowded(now);
    this.prefetch.adjustSpread(queue, now);
  }

  #task(queue: ServedUser, message: Delivery, channel: ConsumerChannel, id: string): DeliveredTask {
    const { lane } = queue;
    const arrivedAt = this.clock.epochMicros();
    return { lane, queue, message, channel, attempt: undefined, settled: false, id, arrivedAt };
  }

  /**
   * A task that is done has come back. Its event was confirmed by a node that may have been lost since, with the end of
   * its stream: the event is written once more before the task is acknowledged, and readers count it once.
   */
  #settleAgain(queue: ServedUser, message: Delivery, channel: ConsumerChannel, completion: TaskEvent): void {
    queue.cameBack();
    const task = this.#task(queue, message, channel, completion.id);
    this.listener.onDoneBefore(task, completion);
  }

  #notDue(task: DeliveredTask, dueAt: number): void {
    if (!this.listener.onNotDue(task, dueAt)) giveBack(task);
  }

  /** How much has been acknowledged: what is confirmed of all that is sent from now on shows that this has arrived. */
  get acknowledgedSoFar(): number {
    return this.#redeliveries.acknowledgedSoFar;
  }

  /**
   * The tasks' completions are safe: acknowledge them.
   *
   * @param written what was written of them; undefined for tasks that have no completion
   */
  settled(tasks: readonly DeliveredTask[], written?: WrittenCompletions): void {
    const now = this.clock.now();
    for (const task of tasks) {
      if (task.channel.open) task.channel.ledger.finished(task.message.fields.deliveryTag);
      task.settled = true;
      task.queue.settled(now);
    }
    if (written !== undefined) this.#redeliveries.acknowledged(tasks, written);
    this.#consumers.acknowledge();
  }

  /** A task that waited here for its next attempt starts again; one that has lost its delivery is gone. */
  again(task: DeliveredTask, attempt: number): void {
    if (!task.channel.open) {
      task.queue.wentBack();
      this.#redeliveries.forget(task);
      return;
    }
    if (this.pausing.turnsAway(task)) return;
    task.attempt = attempt;
    this.#push(task);
    this.listener.onDelivery();
  }

  /** It had a slot here, and what came of it counts for nothing: it is delivered again. */
  givenUp(task: DeliveredTask): void {
    this.#redeliveries.forget(task);
    // Where the connection has gone, each channel is told in this turn of the event loop.
    setImmediate(() => giveBack(task));
  }

  /** Its user may not start for now: keeps no more of the queue here than what runs, and one. */
  holdBack(queue: ConsumedQueue): void {
    this.prefetch.holdBack(queue);
  }

  /** Lets users rest that have nothing left, and adjusts the prefetch of all; does little when called too often. */
  adjust(freeSlots: number): void {
    const now = this.clock.now();
    const { brokerLimits } = this.prefetch;
    if (brokerLimits) this.#gate.adjust(this.active, now);
    else this.#gate.release();
    if (now - this.#lastAdjusted < ADJUST_EVERY_MS * Math.max(1, this.active.size / ADJUST_AT_ONCE)) return;
    this.#lastAdjusted = now;
    this.scheduler.note(now);
    const starving = freeSlots > 0 && this.scheduler.startable === 0;
    const shrink = now - this.#lastShrink > SHRINK_EVERY_MS;
    if (shrink) this.#lastShrink = now;
    if (shrink) for (const queue of this.served.spread) this.prefetch.adjustSpread(queue, now);
    this.active.weigh();
    for (const queue of this.active) {
      if (!queue.isActive) {
        if (queue.countsNoMore(now)) this.#countsNoMore(queue);
      } else if (this.#rests.isDue(queue, now, brokerLimits)) this.#rests.rest(queue, now);
      else this.prefetch.adjust(queue, starving, shrink);
    }
  }

  #countsNoMore(user: ActiveUser): void {
    this.active.delete(user);
    if (user instanceof LightUser) this.#forget(user);
  }

  /** Now and then: gives back what has been here for too long, and forgets what does not come back. */
  sweep(): void {
    const now = this.clock.now();
    if (now - this.#lastSweep < SWEEP_OLD_EVERY_MS) return;
    this.#lastSweep = now;
    this.#redeliveries.sweep(now);
    this.givingBack.old();
    this.pausing.sweep();
  }

  /** Before the connection is closed. */
  closing(): void {
    this.served.tellRefusals();
    this.#consumers.closing();
  }

  /** What is prefetched may have gone to somebody else; what runs may come back, and is not to start twice. */
  #consumerEnded(queue: ServedQueue, channel: ConsumerChannel): void {
    this.#redeliveries.consumerEnded(queue, channel, this.clock.now());
    this.givingBack.everyOf(queue);
    this.listener.onWarning(
      `the broker ended the consumer of "${queue.name}", as it does when a task is unacknowledged for too long; it is consumed again`,
    );
  }

  #channelLost(channel: ConsumerChannel): void {
    this.scheduler.dropUnless((task) => {
      if (task.channel !== channel) return true;
      task.queue.wentBack();
      return false;
    });
    this.listener.onChannelLost(channel);
    this.#redeliveries.channelLost(channel, this.clock.now());
  }
}

/** A user may have tasks in two spread queues for a while, after their number has changed. */
function lightKey(user: string, { name }: SpreadQueue): string {
  return `${name}/${user}`;
}
