import { refusedError } from '../../core/errors/errors.js';
import type { Names } from '../../core/queues/names.js';
import { ConfirmedSender } from '../connection/confirmed-sender.js';
import type { Connection } from '../connection/connection.js';
import { PATIENCE_MS } from '../connection/patience.js';
import { explainRefusal } from '../connection/refusal.js';
import { FullQueues } from './full-queues.js';
import { MissingQueues } from './missing-queues.js';
import type { OutgoingTask } from './outgoing-task.js';
import type { NotTaken, PublisherOptions } from './publisher-contract.js';
import { Recorder } from './recorder.js';
import { RefusedRoutes } from './refused-routes.js';
import type { Pending, Way } from './route.js';
import { Routes } from './routes.js';
import { Sharing } from './sharing.js';
import { TaskSender } from './task-sender.js';

export { type OutgoingTask, outgoingProperties } from './outgoing-task.js';
export type { NamedQueues, NotTaken, PublisherOptions } from './publisher-contract.js';

/** Unconfirmed tasks at a time: enough to hide the round trip, few enough to say again after a cut. */
const MAX_IN_FLIGHT = 2_000;
/** Tasks that wait for queues that refuse: they do not count as in flight, for others are to go on. */
const MOST_PARKED = 20_000;

/**
 * Publishes tasks with confirms and the `mandatory` flag. It publishes first and makes a queue only
 * when a task comes back unroutable; `QueueMaker` says why. When its channel is lost, what was not
 * confirmed is sent again, in the old order and with the old ids: it may then be there twice.
 */
export class Publisher {
  readonly #sender: ConfirmedSender<Pending>;
  readonly #tasks: TaskSender;
  readonly #routes: Routes;
  readonly #sharing: Sharing;
  readonly #missing: MissingQueues;
  readonly #refused: RefusedRoutes;
  readonly #recorder: Recorder;
  readonly #maxInFlight: number;
  #count = 0;
  /** Who waits for a change: the sender, and records beside it. */
  #sleepers: (() => void)[] = [];
  #failure: Error | undefined;

  private constructor(
    private readonly connection: Connection,
    private readonly names: Names,
    private readonly options: PublisherOptions,
    now: () => number,
  ) {
    this.#maxInFlight = options.maxInFlight ?? MAX_IN_FLIGHT;
    const onFailure = (error: Error) => this.#fail(error);
    this.#sharing = new Sharing(connection, names, options, now);
    this.#sender = new ConfirmedSender(connection, {
      prepare: async (isFirst) => {
        if (!isFirst) await this.#sharing.makeTopology();
      },
      onOpen: () => {
        this.#tasks.channelLost();
        this.#routes.channelLost();
        this.#wakeUp();
      },
      onDrain: () => this.#wakeUp(),
      sendAgain: (pending, wasSent) => {
        pending.isUnsure ||= wasSent;
        pending.route.take(pending);
      },
      onConfirmed: (pending) => {
        this.#told(pending);
        pending.route.confirmed(pending);
      },
      onLost: (reason) => this.#tasks.channelClosed(reason),
      onReturned: (pending) => this.#routes.returned(pending),
      onNacked: (pending) => {
        this.#routes.nacked(pending);
        this.#wakeUp();
      },
      onFailure: (error) => this.#fail(explainRefusal(error, this.#exchange)),
    });
    this.#routes = new Routes(names, options, this.#sharing, {
      publish: (pending) => this.#tasks.send(pending),
      makeQueue: (route) => {
        const queueMade = () => route.queueMade();
        this.#sender.whileCurrent(this.#missing.make(route), queueMade, onFailure);
      },
      noQueue: (pending) => this.#noQueue(pending),
      tryAlone: (route) => this.#refused.add(route),
      givenUp: (pending) => {
        this.#notTaken(pending, { kind: 'full', text: takesNothing(pending.route.way) });
        this.#routes.givenUp(pending.route);
      },
      refused: (pending, reason) => this.#notTaken(pending, reason),
      takesAll: (route) => this.#refused.remove(route),
    });
    this.#tasks = new TaskSender(connection, names, this.#sharing, this.#sender, {
      onTooLarge: (pending, most) => this.#tooLarge(pending, most),
      onFailure,
    });
    const deps = { now, tasks: this.#tasks, sharing: this.#sharing };
    this.#missing = new MissingQueues(connection, names, options, deps);
    this.#refused = new RefusedRoutes({
      full:
        options.fullQueues &&
        options.onNotTaken &&
        new FullQueues(connection, names, options.fullQueues, now),
      now,
      hasChannel: () => this.#sender.isOpen,
      hasFailed: () => this.#failure !== undefined,
      sendAlone: (pending) => this.#tasks.sendAlone(pending),
      onConfirmed: (pending) => {
        this.#sender.drop(pending);
        this.#told(pending);
      },
      onHeldUp: ({ way }) => {
        if (options.onNotTaken !== undefined) return true;
        options.onHeldUp?.(way.queue, takesNothing(way));
        return false;
      },
      onChannelOfNoUse: () => this.#sender.renewWhenAnswered(),
      onFailure,
    });
    this.#recorder = new Recorder(connection, names.eventStream, {
      patienceMs: PATIENCE_MS.giveUp,
      makeAgain: () => this.#sharing.makeTopology(),
      onFailure,
    });
  }

  /**
   * The topology has to be there (`assertTopology`); later it is made again where it is not.
   *
   * @param now milliseconds on a clock that never goes back
   */
  static async open(
    connection: Connection,
    names: Names,
    options: PublisherOptions,
    now: () => number,
  ): Promise<Publisher> {
    const publisher = new Publisher(connection, names, options, now);
    await publisher.#open();
    return publisher;
  }

  async #open(): Promise<void> {
    if (this.options.namedQueues === undefined) await this.#sharing.look();
    await this.#sender.open();
    await this.#missing.open((error) => this.#fail(explainRefusal(error, this.#exchange)));
    this.connection.lost.catch((error) => this.#fail(error));
  }

  /** Whether `send` may be called now; otherwise await `ready()` first. */
  get hasRoom(): boolean {
    const { isOpen, isDrained, unconfirmed } = this.#sender;
    if (!isOpen || !isDrained || this.#failure !== undefined) return false;
    const { parked } = this.#refused;
    return unconfirmed.size - parked < this.#maxInFlight && parked < MOST_PARKED;
  }

  /** Tasks that were sent again after a channel was lost; some of them may be on the broker twice. */
  get sentAgain(): number {
    return this.#sender.sentAgain;
  }

  /**
   * Tasks handed over whose queue does not take them.
   *
   * @param forLong only those of queues of which `onHeldUp` was told
   */
  *notTaken({ forLong }: { readonly forLong: boolean }): Iterable<OutgoingTask> {
    if (this.#refused.isEmpty) return;
    for (const { task, route } of this.#sender.unconfirmed) {
      if (route.state === 'refused' && (route.heldUp || !forLong)) yield task;
    }
  }

  /** Tasks handed over and not confirmed. */
  get unconfirmed(): number {
    return this.#sender.unconfirmed.size;
  }

  /** Resolves when there is room; rejects when the connection is lost or the broker refuses. */
  async ready(): Promise<void> {
    while (!this.hasRoom) await this.#nextChange();
  }

  /** Resolves when every task handed over is confirmed. */
  async settled(): Promise<void> {
    while (this.unconfirmed > 0) await this.#nextChange();
    if (this.#failure) throw this.#failure;
  }

  send(task: OutgoingTask): void {
    const route = this.#routes.of(task);
    route.last = this.#count;
    const { id } = task;
    const pending: Pending = {
      id,
      task,
      route,
      number: this.#count++,
      isSent: false,
      isDirect: false,
      isUnsure: false,
      nacks: 0,
    };
    this.#sender.add(pending);
    route.take(pending);
    if (this.options.isEndless) this.#routes.forgetIdle(() => this.#oldest);
  }

  /** The number of the oldest task that is not confirmed. */
  get #oldest(): number {
    const [oldest] = this.#sender.unconfirmed;
    return oldest?.number ?? this.#count;
  }

  /** Writes down something in the event stream, confirmed; the stream is made again where it is not there. */
  async record(type: string, body: Buffer): Promise<void> {
    let answer: 'confirmed' | 'refused' | undefined;
    await this.#recorder.write(type, body, (it) => {
      answer = it;
      this.#wakeUp();
    });
    while (answer === undefined) await this.#nextChange();
    if (answer === 'refused') throw new Error('the record was not confirmed: message nacked');
  }

  get #exchange(): string {
    return `the exchange "${this.names.taskExchange}"`;
  }

  #tooLarge(pending: Pending, most: number): void {
    this.#notTaken(pending, { kind: 'too-large', text: isMoreThan(pending.task.payload.length, most) });
    pending.route.without(pending);
  }

  #notTaken(pending: Pending, reason: NotTaken): void {
    const { task } = pending;
    const { onNotTaken } = this.options;
    if (onNotTaken === undefined) {
      const of = `a task of user ${JSON.stringify(task.envelope.user)}`;
      this.#fail(refusedError('NOT_TAKEN', `the broker does not take ${of}: ${reason.text}`));
      return;
    }
    this.#sender.drop(pending);
    onNotTaken(task, pending.isUnsure ? { ...reason, isUnsure: true } : reason);
    this.#wakeUp();
  }

  #noQueue(pending: Pending): void {
    this.#sender.drop(pending);
    this.options.onNoQueue?.(pending.task, pending.route.way.queue);
    this.#wakeUp();
  }

  #told({ task }: Pending): void {
    this.options.onConfirmed(task);
    this.#wakeUp();
  }

  #fail(error: Error): void {
    if (this.#failure === undefined) this.options.onFailure?.(error);
    this.#failure ??= error;
    this.#wakeUp();
  }

  #wakeUp(): void {
    if (this.#sleepers.length === 0) return;
    for (const wake of this.#sleepers.splice(0)) wake();
  }

  async #nextChange(): Promise<void> {
    if (this.#failure) throw this.#failure;
    await new Promise<void>((resolve) => this.#sleepers.push(resolve));
    if (this.#failure) throw this.#failure;
  }
}

function isMoreThan(bytes: number, most: number): string {
  return `its payload of ${bytes.toLocaleString('en-US')} bytes is more than the ${most.toLocaleString('en-US')} that the broker takes (max_message_size)`;
}

function takesNothing({ queue }: Way): string {
  return `the queue "${queue}" has taken nothing for ${PATIENCE_MS.giveUp / 1000} s: it is full (max-length with overflow reject-publish), or its node is away`;
}
