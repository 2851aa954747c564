import type { Connection } from '../../../broker/connection/connection.js';
import type { Delivery } from '../../../broker/connection/delivery.js';
import { type ConsumerChannel, Consumers } from '../../../broker/consuming/consumers.js';
import type { TaskEvent } from '../../../core/events/task-event.js';
import type { Charging } from '../../../core/scheduling/charging.js';
import type { Prefetch } from '../../../core/scheduling/prefetch.js';
import type { Scheduler } from '../../../core/scheduling/scheduler.js';
import type { Clock } from '../../../core/values/clock.js';
import type { QueueFilter } from '../discovery/queue-filter.js';
import type { ConsumedQueue, DeliveredTask } from '../task/delivered-task.js';
import type { TaskForm } from '../task/task-form.js';
import { Acknowledged } from './acknowledged.js';
import { ActiveQueues } from './active-queues.js';
import { Orphans } from './orphans.js';
import { Patience, type PatienceLimits } from './patience.js';
import { PrefetchControl, type PrefetchOptions } from './prefetch-control.js';
import { RefusedQueues } from './refused-queues.js';
import { Rests } from './rests.js';
import { StartGate } from './start-gate.js';

/** A queue that was just taken up has a part in the windows for so long: what waits in it is on its way. */
const FRESH_COUNTS_FOR_MS = 50;
/**
 * How long the first tasks wait for every user's deliveries. With other workers about these may have what is lacking.
 * Alone, what waited is on its way: a broker on a busy machine sends none of it for up to half a second.
 */
const SHARED_PATIENCE: PatienceLimits = { silenceMs: 15, mostMs: 500 };
const PATIENCE: PatienceLimits = { silenceMs: 1_000, mostMs: 5_000 };
/** Held of a user, the broker's next deliveries come before it runs out. */
const ENOUGH = 1_024;
const TEND_EVERY_MS = 5;
/** With more users than so it takes a while, and is done more rarely. */
const TEND_AT_ONCE = 64;
/** Users up to which it is worth a round trip for each to know what waits. */
const ASK_DEPTH_UP_TO = 256;
/** A window is made smaller at most so often; it grows at once. */
const SHRINK_EVERY_MS = 200;
/** The broker takes a delivery for lost after 30 minutes; one that cannot start goes back long before. */
const HOLD_AT_MOST_MICROS = 10 * 60 * 1e6;
const OLD_SEARCH_EVERY_MS = 30_000;
/** A queue that was left to a pruner, and is listed all the same, has been kept or made again by then. */
const LEFT_FOR_MS = 10_000;

/** Of a task that has ended only its envelope may be asked for. */
const NO_CONTENT = Buffer.alloc(0);

export interface IntakeListener {
  onDelivery(): void;
  /**
   * The task is not to start yet. It counts as outstanding, and is to be settled elsewhere.
   *
   * @param dueAt microseconds since the epoch
   * @returns false where that cannot be done at the moment: it goes back to the broker
   */
  onNotDue(task: DeliveredTask, dueAt: number): boolean;
  /** A task that is done has been delivered again: its completion is to be written again, and then it is settled. */
  onDoneBefore(task: DeliveredTask, completion: TaskEvent): void;
  onPrefetch(source: ConsumedQueue, window: Prefetch): void;
  onWarning(text: string): void;
  onFailure(error: Error): void;
  /** It serves a queue from here on. */
  onTaken(queue: string): void;
  /** It serves a queue no more. */
  onDropped(queue: string): void;
  /** Tasks that run, or have ended and are not acknowledged. */
  unsettled(): Iterable<DeliveredTask>;
}

/**
 * Takes tasks in: consumes the queues, hands what they deliver to the scheduler, and gives back what
 * others can start sooner. `Rests` says who has run out.
 */
export class Intake {
  readonly #queues = new Map<string, ConsumedQueue>();
  readonly #awake: ActiveQueues;
  readonly prefetch: PrefetchControl;
  readonly #reserve: StartGate;
  readonly #rests: Rests;
  /** Queues that are consumed, or about to be. */
  readonly #taking = new Set<string>();
  readonly #consumers: Consumers<ConsumedQueue>;
  readonly #yielded = new Set<ConsumedQueue>();
  /** Queues left to a pruner, and until when; milliseconds. */
  readonly #left = new Map<string, number>();
  readonly #refused: RefusedQueues;
  #taken = true;
  readonly #form: TaskForm;
  readonly #orphans: Orphans;
  readonly #acknowledged = new Acknowledged();
  /** The most that was held at once. */
  mostPrefetched = 0;
  #lastTended = 0;
  #lastShrink = 0;
  #lastOldSearch = 0;

  constructor(
    connection: Connection,
    options: PrefetchOptions & { readonly charging: Charging; readonly form: TaskForm },
    private readonly scheduler: Scheduler<DeliveredTask>,
    private readonly filter: QueueFilter,
    private readonly clock: Clock,
    private readonly newId: () => string,
    private readonly listener: IntakeListener,
  ) {
    this.#form = options.form;
    this.#refused = new RefusedQueues(clock, (text) => listener.onWarning(text));
    this.#orphans = new Orphans(this.#form.idOf);
    this.#reserve = new StartGate(clock);
    this.#rests = new Rests(scheduler, clock);
    this.#awake = new ActiveQueues(options.charging, options.concurrency);
    this.#consumers = new Consumers<ConsumedQueue>(connection, {
      onDelivery: (source, message, channel) => this.#delivered(source, message, channel),
      onQueueGone: (source, refusal) => this.#queueGone(source, refusal),
      onConsumerEnded: (source, channel) => this.#consumerEnded(source, channel),
      onChannelLost: (channel) => this.#channelLost(channel),
      onChannelRefused: (reason) =>
        this.listener.onWarning(`a channel was lost (${reason}); its tasks are delivered again`),
      onFailure: (error) => this.listener.onFailure(error),
    });
    this.prefetch = new PrefetchControl(options, this.#awake, this.#consumers, {
      onResized: (source, window) => {
        this.listener.onPrefetch(source, window);
        while (source.outstanding > source.prefetch && this.#giveBackOne(source));
      },
      onFailure: (error) => this.listener.onFailure(error),
    });
  }

  async open(): Promise<void> {
    await this.#consumers.open();
  }

  get queues(): ReadonlyMap<string, ConsumedQueue> {
    return this.#queues;
  }

  /** Users with tasks here, or who had some a moment ago, or may have some in a moment. */
  get activeUsers(): number {
    return this.#awake.size;
  }

  /** Every user's window is so full that the broker may soon have nothing that it can send. */
  get prefetchFilled(): boolean {
    for (const { outstanding, prefetch, countsUntil } of this.#awake) {
      if (countsUntil === undefined && outstanding * 2 < prefetch) return false;
    }
    return true;
  }

  /** How long the next start may wait for deliveries that may be due before it; milliseconds, 0 for not at all. */
  waitMs(): number {
    return this.#reserve.waitMs(this.scheduler.prefetched);
  }

  /** Takes up those of the queues that match and are not consumed yet. */
  async take(queues: readonly string[]): Promise<void> {
    await this.consume(await this.find(queues));
  }

  /**
   * Those of the queues that match and are not known yet. They count in the windows of the others from
   * here on, and want to be consumed soon.
   */
  async find(queues: readonly string[]): Promise<ConsumedQueue[]> {
    const now = this.clock.now();
    for (const [queue, until] of this.#left) if (now > until) this.#left.delete(queue);
    const fresh = queues.filter(
      (queue) =>
        !this.#taking.has(queue) &&
        !this.#left.has(queue) &&
        this.filter.matches(queue) &&
        this.#refused.mayTry(queue),
    );
    const sources = fresh.map((queue) => this.#sourceOf(queue));
    this.#awake.weigh(this.prefetch.taskMs);
    // Among many users windows are small, whatever waits.
    if (this.#awake.size <= ASK_DEPTH_UP_TO) {
      await Promise.all(
        sources.map(async (source) => {
          source.backlog = await this.#consumers.depth(source.name);
        }),
      );
    }
    return sources;
  }

  /** Whether its tasks come here: it is consumed, or will be as soon as the worker has begun or has room again. */
  serves(queue: string): boolean {
    const source = this.#queues.get(queue);
    return source !== undefined && (!this.#taken || source.yielded || this.#consumers.consumes(queue));
  }

  /** @param atStake tasks run, and are not to lose their channel over a queue that cannot be consumed */
  async consume(sources: readonly ConsumedQueue[], atStake = this.#anythingAtStake()): Promise<void> {
    await Promise.all(sources.map((source) => this.#subscribe(source, atStake)));
  }

  #anythingAtStake(): boolean {
    for (const _ of this.listener.unsettled()) return true;
    return false;
  }

  #sourceOf(queue: string): ConsumedQueue {
    const source: ConsumedQueue = {
      name: queue,
      lane: this.scheduler.lane(this.filter.userOf(queue), queue),
      prefetch: 0,
      needed: 0,
      outstanding: 0,
      limited: false,
      lastTraffic: this.clock.now(),
      consumedSince: this.clock.now(),
      backlog: 0,
      served: 0,
      resizing: false,
      yielded: false,
      countsUntil: Number.POSITIVE_INFINITY,
    };
    this.#taking.add(queue);
    this.#awake.add(source);
    this.scheduler.rest(source.lane);
    return source;
  }

  async #subscribe(source: ConsumedQueue, atStake: boolean): Promise<void> {
    const { name: queue } = source;
    if (!this.#taken) return;
    if (!this.#queues.has(queue)) this.listener.onTaken(queue);
    this.#queues.set(queue, source);
    source.prefetch = this.prefetch.first(source);
    source.consumedSince = this.clock.now();
    await this.#consumers.subscribe(queue, source, source.prefetch, atStake);
    if (source.countsUntil !== undefined) source.countsUntil = this.clock.now() + FRESH_COUNTS_FOR_MS;
  }

  #delivered(source: ConsumedQueue, message: Delivery, channel: ConsumerChannel): void {
    const { lane } = source;
    const now = this.clock.now();
    const adopted = message.fields.redelivered ? this.#orphans.adopt(source, message, channel) : undefined;
    if (adopted !== undefined) {
      if (adopted.settled && adopted.completion !== undefined) this.#settleAgain(adopted, adopted.completion);
      this.#consumers.acknowledge();
      return;
    }
    this.#rests.delivered(source, message, now, this.prefetch.brokerLimits);
    source.countsUntil = undefined;
    source.outstanding++;
    source.lastTraffic = now;
    this.#reserve.delivered(now);
    lane.late = source.prefetch;
    if (source.outstanding >= source.prefetch) source.limited = true;
    this.#awake.add(source);
    const task: DeliveredTask = {
      lane,
      queue: source,
      message,
      channel,
      attempt: undefined,
      settled: false,
      completion: undefined,
      id: this.#form.idOf(message) ?? this.newId(),
      arrivedAt: this.clock.epochMicros(),
    };
    const dueAt = this.#form.dueAt(message);
    if (dueAt !== undefined && dueAt > task.arrivedAt) {
      this.#notDue(task, dueAt);
      return;
    }
    this.scheduler.push(lane, task);
    if (this.scheduler.prefetched > this.mostPrefetched) this.mostPrefetched = this.scheduler.prefetched;
    this.listener.onDelivery();
  }

  /**
   * A task that is done has come back. Its event was confirmed by a node that may have been lost since, with the end of
   * its stream: the event is written once more before the task is acknowledged, and readers count it once.
   */
  #settleAgain(task: DeliveredTask, completion: TaskEvent): void {
    task.settled = false;
    task.queue.outstanding++;
    this.listener.onDoneBefore(task, completion);
  }

  #notDue(task: DeliveredTask, dueAt: number): void {
    if (this.listener.onNotDue(task, dueAt)) return;
    task.queue.outstanding--;
    task.channel.giveBack(task.message.fields.deliveryTag);
  }

  /** How much has been acknowledged: what is confirmed of all that is sent from now on shows that this has arrived. */
  get acknowledgedSoFar(): number {
    return this.#acknowledged.count;
  }

  /**
   * The tasks' completions are safe: acknowledge them.
   *
   * @param arrived what `acknowledgedSoFar` was when the completions were sent; undefined where none were
   */
  settled(tasks: readonly DeliveredTask[], arrived?: number): void {
    const now = this.clock.now();
    for (const task of tasks) {
      if (task.channel.open) task.channel.ledger.finished(task.message.fields.deliveryTag);
      task.settled = true;
      task.queue.outstanding--;
      task.queue.served++;
      task.queue.lastTraffic = now;
      task.message.content = NO_CONTENT;
    }
    if (arrived !== undefined) {
      this.#acknowledged.arrived(arrived);
      this.#acknowledged.add(tasks);
    }
    this.#consumers.acknowledge();
  }

  /** A task that waited here for its next attempt starts again; one that has lost its delivery is gone. */
  again(task: DeliveredTask, attempt: number): void {
    if (!task.channel.open) {
      task.queue.outstanding--;
      this.#orphans.forget(task);
      return;
    }
    task.attempt = attempt;
    this.scheduler.push(task.lane, task);
    this.listener.onDelivery();
  }

  /** Lets users rest that have nothing left, and fits the windows; does little when called too often. */
  adjust(freeSlots: number): void {
    const now = this.clock.now();
    const { brokerLimits } = this.prefetch;
    if (brokerLimits) this.#reserve.adjust(this.#awake, now);
    else this.#reserve.release();
    if (now - this.#lastTended < TEND_EVERY_MS * Math.max(1, this.#awake.size / TEND_AT_ONCE)) return;
    this.#lastTended = now;
    this.scheduler.note(now);
    const starving = freeSlots > 0 && this.scheduler.prefetched === 0;
    const shrink = now - this.#lastShrink > SHRINK_EVERY_MS;
    if (shrink) this.#lastShrink = now;
    this.#awake.weigh(this.prefetch.taskMs);
    for (const source of this.#awake) {
      if (source.countsUntil !== undefined) {
        if (now >= source.countsUntil) this.#awake.delete(source);
      } else if (this.#rests.isDue(source, now, brokerLimits)) this.#rests.rest(source, now);
      else this.prefetch.adjust(source, starving, shrink);
    }
  }

  /**
   * Resolves when enough of what waited in the queues when they were found is here, or does not come.
   * With other workers about, who may have taken it, that is soon.
   */
  async filled(): Promise<void> {
    const limits = this.prefetch.workers > 1 ? SHARED_PATIENCE : PATIENCE;
    const patience = new Patience(limits, this.clock.now());
    while (patience.lasts(this.#lacking, this.clock.now())) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** So many of the tasks that waited, and have a place in the windows, are not here yet. */
  get #lacking(): number {
    let lacking = 0;
    for (const { outstanding, prefetch, backlog, served } of this.#queues.values()) {
      lacking += Math.max(0, Math.min(prefetch, backlog - served, ENOUGH) - outstanding);
    }
    return lacking;
  }

  /**
   * Leaves tasks that cannot start soon to workers that can start them: gives back the youngest of
   * those users that hold most, and does not consume their queues until `takeUpAgain`, or they would
   * come straight back.
   *
   * @param mayGo whether another worker would take the tasks of this queue
   * @returns how many go back
   */
  giveBack(count: number, mayGo: (queue: string) => boolean): number {
    const sources = [...this.#awake].filter(({ lane, name }) => lane.prefetched.size > 0 && mayGo(name));
    sources.sort((a, b) => b.lane.prefetched.size - a.lane.prefetched.size);
    const parts = new Map<ConsumedQueue, number>(sources.map((source) => [source, 0]));
    let given = 0;
    for (let before = -1; given > before && given < count; ) {
      before = given;
      for (const [source, part] of parts) {
        if (given === count) break;
        if (part === source.lane.prefetched.size) continue;
        parts.set(source, part + 1);
        given++;
      }
    }
    for (const [source, part] of parts) {
      if (part === 0) continue;
      this.#yield(source)
        .then(() => {
          for (let i = 0; i < part && this.#giveBackOne(source); i++);
        })
        .catch((error) => this.listener.onFailure(error));
    }
    return given;
  }

  async #yield(source: ConsumedQueue): Promise<void> {
    if (source.yielded) return;
    source.yielded = true;
    this.#yielded.add(source);
    await this.#consumers.unsubscribe(source.name);
  }

  /** Consumes again what was left to others. */
  takeUpAgain(): void {
    if (this.#yielded.size === 0) return;
    const atStake = this.#anythingAtStake();
    for (const source of this.#yielded) {
      this.#yielded.delete(source);
      source.yielded = false;
      source.consumedSince = this.clock.now();
      if (!this.#taken || !this.#queues.has(source.name)) continue;
      source.prefetch = this.prefetch.first(source);
      this.#consumers
        .subscribe(source.name, source, source.prefetch, atStake)
        .catch((error) => this.listener.onFailure(error));
    }
  }

  /** Gives back what has been held for so long that the broker would soon take it for lost. */
  giveBackOld(): void {
    const now = this.clock.now();
    if (now - this.#lastOldSearch < OLD_SEARCH_EVERY_MS) return;
    this.#lastOldSearch = now;
    this.#orphans.forgetOld(now);
    const before = this.clock.epochMicros() - HOLD_AT_MOST_MICROS;
    for (const source of this.#awake) {
      const oldest = source.lane.prefetched.first;
      if (oldest === undefined || oldest.arrivedAt > before) continue;
      while (this.#giveBackOne(source));
    }
  }

  #giveBackOne(source: ConsumedQueue): boolean {
    const task = this.scheduler.takeBack(source.lane);
    if (task === undefined) return false;
    source.outstanding--;
    task.channel.giveBack(task.message.fields.deliveryTag);
    return true;
  }

  /** Takes up queues that were just made, or that a pruner has kept. */
  async takeAnnounced(queues: readonly string[]): Promise<void> {
    for (const queue of queues) {
      this.#left.delete(queue);
      this.#refused.tryNow(queue);
    }
    await this.take(queues);
  }

  /**
   * Leaves queues to a pruner, which deletes them when nobody consumes them. A queue of which a task is here is
   * not left, be it consumed at the moment or not: were it deleted, that task could not be given back.
   */
  async leave(queues: readonly string[]): Promise<{ left: string[]; kept: string[] }> {
    const left: string[] = [];
    const kept: string[] = [];
    const leaveOne = async (queue: string) => {
      const source = this.#queues.get(queue);
      if (source === undefined) return;
      if (source.outstanding === 0 && (source.yielded || !this.#taken)) return; // there is no consumer
      const isFree = () => this.#taken && source.outstanding === 0;
      if (!isFree() || source.yielded || source.resizing || !this.#consumers.consumes(queue)) {
        kept.push(queue);
        return;
      }
      await this.#consumers.unsubscribe(queue);
      if (isFree()) {
        this.#left.set(queue, this.clock.now() + LEFT_FOR_MS);
        this.#queueGone(source, undefined);
        left.push(queue);
      } else {
        // A delivery was on its way.
        kept.push(queue);
        if (this.#taken) await this.#consumers.subscribe(queue, source, source.prefetch, false);
      }
    };
    await Promise.all(queues.map(leaveOne));
    return { left, kept };
  }

  /** Stops consuming; what is held goes back to the broker, what runs may still be acknowledged. */
  async giveBackAll(): Promise<number> {
    this.#taken = false;
    let count = 0;
    await Promise.all([...this.#queues.keys()].map((queue) => this.#consumers.unsubscribe(queue)));
    for (const source of this.#queues.values()) while (this.#giveBackOne(source)) count++;
    return count;
  }

  /** Before the connection is closed. */
  closing(): void {
    this.#refused.tell();
    this.#consumers.closing();
  }

  #queueGone(source: ConsumedQueue, refusal: string | undefined): void {
    if (this.#queues.delete(source.name)) this.listener.onDropped(source.name);
    this.#taking.delete(source.name);
    this.#awake.delete(source);
    this.#yielded.delete(source);
    if (refusal !== undefined) this.#refused.add(source.name, refusal);
  }

  /** What is held may have gone to somebody else; what runs may come back, and is not to start twice. */
  #consumerEnded(source: ConsumedQueue, channel: ConsumerChannel): void {
    const now = this.clock.now();
    for (const task of this.listener.unsettled()) {
      if (task.queue === source && task.channel === channel) this.#orphans.add(task, now);
    }
    while (this.#giveBackOne(source));
    this.listener.onWarning(
      `the broker ended the consumer of "${source.name}", as it does when a task is unacknowledged for too long; it is consumed again`,
    );
  }

  #channelLost(channel: ConsumerChannel): void {
    this.scheduler.dropUnless((task) => {
      if (task.channel !== channel) return true;
      task.queue.outstanding--;
      return false;
    });
    const now = this.clock.now();
    for (const task of this.listener.unsettled()) if (task.channel === channel) this.#orphans.add(task, now);
    for (const task of this.#acknowledged.doubtful(channel)) this.#orphans.add(task, now);
  }
}
