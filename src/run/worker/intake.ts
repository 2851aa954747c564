import type { ConsumeMessage } from 'amqplib';
import type { Connection } from '../../broker/connection.js';
import { type ConsumerChannel, Consumers } from '../../broker/consumers.js';
import type { Clock } from '../../core/clock.js';
import { decodeEnvelope } from '../../core/envelope.js';
import type { Scheduler } from '../../core/scheduler.js';
import { windowFor } from '../../core/windows.js';
import type { QueueFilter } from './queue-filter.js';
import type { HeldTask, Source } from './task.js';

/** An empty queue's next deliveries, if there are any, have come by then. */
const REST_AFTER_MS = 40;
/** How long the first tasks wait for every user's deliveries; with other workers about, and alone. */
const SHARED_PATIENCE_MS = 15;
const PATIENCE_MS = 500;
/** Held of a user, the broker's next deliveries come before it runs out. */
const ENOUGH = 256;
const TEND_EVERY_MS = 5;
/** Users up to which it is worth a round trip for each to know what waits. */
const ASK_DEPTH_UP_TO = 256;
/** A window is made smaller at most so often; it grows at once. */
const SHRINK_EVERY_MS = 200;

export interface IntakeOptions {
  readonly concurrency: number;
  /** A fixed window, or undefined for one that adapts. */
  readonly prefetch: number | undefined;
}

export interface IntakeListener {
  onDelivery(): void;
  onWarning(text: string): void;
  onFailure(error: Error): void;
}

/**
 * Takes tasks in: consumes the queues, hands what they deliver to the scheduler, and keeps each
 * queue's window as large as short tasks need and as small as long ones allow.
 *
 * A source is *limited* once its window has been full: the broker may then hold more, so when its
 * lane runs empty it stays awake, and catches up when the next deliveries come. After `REST_AFTER_MS`
 * without any, or at once if it was never limited, it rests.
 */
export class Intake {
  readonly #sources = new Map<string, Source>();
  readonly #awake = new Set<Source>();
  /** Queues that are consumed, or about to be. */
  readonly #taking = new Set<string>();
  readonly #consumers: Consumers<Source>;
  /** Workers that share the load; set by whoever knows. */
  workers = 1;
  /** Mean run time of all tasks here, for users whose own is not known yet. */
  taskMs: number | undefined;
  #taken = true;
  #lastTended = 0;
  readonly #resizes = new Set<Promise<void>>();
  #lastShrink = 0;

  constructor(
    connection: Connection,
    private readonly options: IntakeOptions,
    private readonly scheduler: Scheduler<HeldTask>,
    private readonly filter: QueueFilter,
    private readonly clock: Clock,
    private readonly newId: () => string,
    private readonly listener: IntakeListener,
  ) {
    this.#consumers = new Consumers<Source>(connection, {
      onDelivery: (source, message, channel) => this.#delivered(source, message, channel),
      onQueueGone: (source, refusal) => this.#queueGone(source, refusal),
      onChannelLost: (channel, reason) => this.#channelLost(channel, reason),
      onFailure: (error) => this.listener.onFailure(error),
    });
  }

  async open(): Promise<void> {
    await this.#consumers.open();
  }

  get sources(): ReadonlyMap<string, Source> {
    return this.#sources;
  }

  /** Users with tasks here. */
  get activeUsers(): number {
    return this.#awake.size;
  }

  /** Every user's window is so full that the broker may soon have nothing that it can send. */
  get windowsFilled(): boolean {
    for (const { outstanding, window } of this.#awake) if (outstanding * 2 < window) return false;
    return true;
  }

  /** Takes up those of the queues that match and are not consumed yet. */
  async take(queues: readonly string[]): Promise<void> {
    const fresh = queues.filter((queue) => !this.#taking.has(queue) && this.filter.matches(queue));
    const users = Math.max(fresh.length, this.#awake.size);
    await Promise.all(
      fresh.map(async (queue) => {
        this.#taking.add(queue);
        // Among many users windows are small, whatever waits.
        const backlog = users <= ASK_DEPTH_UP_TO ? await this.#consumers.depth(queue) : 0;
        await this.#subscribe(queue, users, backlog);
      }),
    );
  }

  async #subscribe(queue: string, users: number, backlog: number): Promise<void> {
    if (!this.#taken) return;
    let source = this.#sources.get(queue);
    if (source === undefined) {
      source = {
        queue,
        lane: this.scheduler.lane(this.filter.userOf(queue)),
        window: 0,
        outstanding: 0,
        limited: false,
        lastTraffic: 0,
        taskMs: undefined,
        backlog,
        served: 0,
        resizing: false,
      };
      this.#sources.set(queue, source);
    }
    source.window = this.#windowOf(source, users);
    await this.#consumers.subscribe(queue, source, source.window);
  }

  #windowOf(source: Source, activeUsers: number): number {
    if (this.options.prefetch !== undefined) return this.options.prefetch;
    return windowFor({
      concurrency: this.options.concurrency,
      activeUsers,
      workers: this.workers,
      taskMs: source.taskMs ?? this.taskMs,
      backlog: Math.max(source.served * this.workers, source.backlog),
    });
  }

  #delivered(source: Source, message: ConsumeMessage, channel: ConsumerChannel): void {
    const { lane } = source;
    const { messageId, headers } = message.properties;
    const now = this.clock.now();
    if (!this.#awake.has(source)) this.scheduler.rest(lane);
    else if (this.#restsNow(source, now)) this.#rest(source);
    source.outstanding++;
    source.lastTraffic = now;
    if (source.outstanding >= source.window) source.limited = true;
    this.#awake.add(source);
    this.scheduler.push(lane, {
      lane,
      source,
      message,
      channel,
      envelope: decodeEnvelope(headers),
      id: typeof messageId === 'string' && messageId !== '' ? messageId : this.newId(),
      arrivedAt: this.clock.epochMicros(),
    });
    this.listener.onDelivery();
  }

  /** The tasks' completions are safe: acknowledge them. */
  settled(tasks: readonly HeldTask[]): void {
    const now = this.clock.now();
    for (const task of tasks) {
      if (task.channel.open) task.channel.ledger.finished(task.message.fields.deliveryTag);
      task.source.outstanding--;
      task.source.served++;
      task.source.lastTraffic = now;
    }
    this.#consumers.acknowledge();
  }

  /** Lets users rest that have nothing left, and fits the windows; does little when called too often. */
  tend(freeSlots: number): void {
    const now = this.clock.now();
    if (now - this.#lastTended < TEND_EVERY_MS && freeSlots === 0) return;
    this.#lastTended = now;
    const shrink = now - this.#lastShrink > SHRINK_EVERY_MS;
    if (shrink) this.#lastShrink = now;
    for (const source of this.#awake) {
      if (source.lane.held.size === 0 && this.#restsNow(source, now)) {
        this.#rest(source);
      } else {
        this.#fit(source, freeSlots, shrink);
      }
    }
  }

  #rest(source: Source): void {
    this.#awake.delete(source);
    source.limited = false;
    source.served = 0;
    source.backlog = 0;
    this.scheduler.rest(source.lane);
  }

  #restsNow(source: Source, now: number): boolean {
    if (source.outstanding > 0) return false;
    return !source.limited || now - source.lastTraffic > REST_AFTER_MS;
  }

  /**
   * Resolves when enough of what waited in the queues when they were found is here, or does not come.
   * With other workers about, who may have taken it, that is soon.
   */
  async filled(): Promise<void> {
    const from = this.clock.now();
    const patience = this.workers > 1 ? SHARED_PATIENCE_MS : PATIENCE_MS;
    while (!this.#holdsWhatWaited() && this.clock.now() - from < patience) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  #holdsWhatWaited(): boolean {
    for (const { outstanding, window, backlog, served } of this.#sources.values()) {
      if (outstanding < Math.min(window, backlog - served, ENOUGH)) return false;
    }
    return true;
  }

  /** Fits the windows of all users with tasks here, and resolves when the broker knows them. */
  async fitAll(): Promise<void> {
    for (const source of this.#awake) this.#fit(source, 0, true);
    await Promise.all(this.#resizes);
  }

  #fit(source: Source, freeSlots: number, shrink: boolean): void {
    if (this.options.prefetch !== undefined || source.resizing) return;
    let wanted = this.#windowOf(source, this.#awake.size);
    // A slot is free, and this user may have more tasks than its window lets through.
    if (freeSlots > 0 && this.scheduler.held === 0 && source.outstanding >= source.window) {
      wanted = Math.max(wanted, Math.min(source.window * 2, source.window + freeSlots));
    }
    const grows = wanted >= source.window * 1.5 && source.limited;
    const shrinks = shrink && wanted * 2 <= source.window;
    if (grows || shrinks) this.#resize(source, wanted);
  }

  #resize(source: Source, window: number): void {
    source.resizing = true;
    source.window = window;
    const resized = this.#consumers
      .resize(source.queue, window)
      .then(() => {
        source.resizing = false;
        while (source.outstanding > source.window && this.#giveBackOne(source));
      })
      .catch((error) => this.listener.onFailure(error))
      .finally(() => this.#resizes.delete(resized));
    this.#resizes.add(resized);
  }

  #giveBackOne(source: Source): boolean {
    const task = this.scheduler.takeBack(source.lane);
    if (task === undefined) return false;
    source.outstanding--;
    task.channel.giveBack(task.message.fields.deliveryTag);
    return true;
  }

  /** Stops consuming; what is held goes back to the broker, what runs may still be acknowledged. */
  async giveBackAll(): Promise<number> {
    this.#taken = false;
    let count = 0;
    await Promise.all([...this.#sources.keys()].map((queue) => this.#consumers.unsubscribe(queue)));
    for (const source of this.#sources.values()) while (this.#giveBackOne(source)) count++;
    return count;
  }

  /** Before the connection is closed. */
  closing(): void {
    this.#consumers.closing();
  }

  #queueGone(source: Source, refusal: string | undefined): void {
    this.#sources.delete(source.queue);
    this.#taking.delete(source.queue);
    this.#awake.delete(source);
    if (refusal !== undefined) {
      this.listener.onWarning(`the queue "${source.queue}" cannot be consumed: ${refusal}`);
    }
  }

  #channelLost(channel: ConsumerChannel, reason: string): void {
    this.scheduler.dropUnless((task) => {
      if (task.channel !== channel) return true;
      task.source.outstanding--;
      return false;
    });
    this.listener.onWarning(`a channel was lost (${reason}); its tasks are delivered again`);
  }
}
