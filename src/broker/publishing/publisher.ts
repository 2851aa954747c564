import { setTimeout as delay } from 'node:timers/promises';
import { refusedError } from '../../core/errors/errors.js';
import { type Names, ownQueue, routingKeyOf } from '../../core/queues/names.js';
import type { ConfirmChannel } from '../connection/channel.js';
import { type Connection, isNack } from '../connection/connection.js';
import { PATIENCE_MS, TRY_AGAIN_MS } from '../connection/patience.js';
import { ReconnectingChannel } from '../connection/reconnecting-channel.js';
import { explainRefusal } from '../connection/refusal.js';
import { announce } from '../control/control.js';
import { isLocked } from '../queues/lock.js';
import { QueueMaker } from '../queues/queue-maker.js';
import { assertTopology, type QueueKind } from '../queues/topology.js';
import { ConfirmedWriter } from '../streams/confirmed-writer.js';
import { makeFixedQueues } from './fixed-queues.js';
import { type OutgoingTask, optionsOf } from './outgoing-task.js';
import { newRoute, type Pending, type Route, type Way } from './route.js';
import { SizeLimit } from './size-limit.js';
import { WayToUsers } from './way-to-users.js';

export { type OutgoingTask, outgoingProperties } from './outgoing-task.js';

/** Unconfirmed tasks at a time: enough to hide the round trip, few enough to say again after a cut. */
const MAX_IN_FLIGHT = 2_000;
/** A queue that has been there without its binding for so long has lost its pruner. */
const ORPHANED_AFTER_MS = 30_000;
/** So has one, after so long, if no pruner has been at work for a moment: what it had begun has ended by then. */
const LOOK_FOR_PRUNER_AFTER_MS = 500;
const NO_PRUNER_FOR_MS = 700;
const UNBOUND_RETRY_MS = 50;
/** Times in a row that a queue took a task from a fresh channel and none from ours: ours asks a leader that is gone. */
const MOST_ONLY_FRESH = 3;
/** A queue that takes something again is sent so many times as many at once, until none wait. */
const BURST_GROWTH = 4;
/** Tasks that wait for queues that refuse: they do not count as in flight, for others are to go on. */
const MOST_PARKED = 20_000;
const SETTLED_LOOK_MS = 20;

/** User queues that are not fairq's own: an application has named them, and they are reached by their name. */
export interface NamedQueues {
  queueOf(user: string): string;
  /** Makes one that is not there. */
  make(queue: string): Promise<void>;
}

export interface NotTaken {
  readonly kind: 'full' | 'too-large';
  readonly text: string;
}

export interface PublisherOptions {
  readonly queueKind: QueueKind;
  /** Instead of fairq's own. */
  readonly namedQueues?: NamedQueues | undefined;
  /** Instead of the user's own: one routing key and queue for all (strategy `fifo`). */
  readonly sharedQueue?: string;
  /** A queue that a task names is made, too, where it is missing; otherwise only one of fairq's own is. */
  readonly makesAllQueues?: boolean;
  readonly maxInFlight?: number;
  readonly onConfirmed: (task: OutgoingTask) => void;
  /** The queue that the task names is not there; nothing more becomes of the task here. */
  readonly onNoQueue?: (task: OutgoingTask, queue: string) => void;
  /**
   * The broker does not take the task: its queue has taken nothing for long, or it is too large. Nothing more becomes of
   * it here, and others go on. Without this a queue that refuses is tried for ever.
   */
  readonly onNotTaken?: (task: OutgoingTask, reason: NotTaken) => void;
  /** Where it is tried for ever: the queue has taken nothing for long. Said once, until it takes something again. */
  readonly onHeldUp?: (queue: string, text: string) => void;
  /** For who awaits neither `ready` nor `settled`, which reject with it. */
  readonly onFailure?: (error: Error) => void;
}

/**
 * Publishes tasks with confirms and the `mandatory` flag. It publishes first and makes a queue only
 * when a task comes back unroutable; `QueueMaker` says why. When its channel is lost, what was not
 * confirmed is sent again, in the old order and with the old ids: it may then be there twice.
 */
export class Publisher {
  /** To the queues of users, by user, and to queues by their name. */
  readonly #routes = new Map<string, Route>();
  readonly #routesByQueue = new Map<string, Route>();
  readonly #returned = new Set<string>();
  readonly #maker: QueueMaker;
  readonly #way: WayToUsers;
  readonly #sizes: SizeLimit;
  /** For users, in their order: they wait until it is known how to get there. */
  #held: Pending[] = [];
  /** Sent by the default exchange to a user's queue, and without an answer. */
  #directUnanswered = 0;
  /** Those whose queue does not take what it is sent. */
  readonly #refused = new Set<Route>();
  /** Nothing is sent until all is confirmed, for the channel is to be renewed. */
  #renewing = false;
  readonly #maxInFlight: number;
  /** Handed over and not confirmed, by number. */
  readonly #pending = new Map<number, Pending>();
  #channel: ReconnectingChannel<ConfirmChannel> | undefined;
  #announcements: ReconnectingChannel | undefined;
  /** Counts the channels: what was begun under an earlier one is void. */
  #generation = 0;
  #count = 0;
  /** Opened for the first record: most publishers of a worker write none. */
  #recorder: Promise<ConfirmedWriter> | undefined;
  #records = 0;
  #sentAgain = 0;
  #drained = true;
  /** Who waits for a change: the sender, and records beside it. */
  #sleepers: (() => void)[] = [];
  #failure: Error | undefined;

  private constructor(
    private readonly connection: Connection,
    private readonly names: Names,
    private readonly options: PublisherOptions,
    private readonly now: () => number,
  ) {
    this.#maker = new QueueMaker(connection, names, options.queueKind);
    this.#maxInFlight = options.maxInFlight ?? MAX_IN_FLIGHT;
    this.#sizes = new SizeLimit(connection);
    this.#way = new WayToUsers(connection, names, {
      directSettled: async () => {
        while (this.#directUnanswered > 0) await delay(SETTLED_LOOK_MS);
      },
      onKnown: () => this.#sendHeld(),
      onFailure: (error) => this.#fail(error),
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
    const onFailure = (error: Error) =>
      this.#fail(explainRefusal(error, `the exchange "${this.names.taskExchange}"`));
    this.#channel = await ReconnectingChannel.open(
      () => this.connection.confirmChannel(),
      (channel) => this.#setUp(channel),
      {
        onLost: () => {
          this.#generation++;
        },
        onOpen: () => this.#sendAgain(),
        oldestUnanswered: () => this.#oldestUnanswered(),
        onFailure,
      },
    );
    this.#announcements = await ReconnectingChannel.open(
      () => this.connection.channel(),
      async () => {},
      { onFailure },
    );
    this.connection.lost.catch((error) => this.#fail(error));
  }

  async #setUp(channel: ConfirmChannel): Promise<void> {
    if (this.#generation > 0) await this.#makeTopology();
    channel.on('return', (message) => {
      // The broker returns a task just before it confirms it.
      this.#returned.add(String(message.properties.messageId));
    });
    channel.on('drain', () => {
      this.#drained = true;
      this.#wakeUp();
    });
  }

  async #makeTopology(): Promise<void> {
    await assertTopology(this.connection, this.names, this.options.queueKind.type);
  }

  #sendAgain(): void {
    this.#drained = true;
    this.#renewing = false;
    this.#returned.clear();
    this.#held = [];
    for (const route of [...this.#routes.values(), ...this.#routesByQueue.values()]) {
      // One whose queue refuses is tried by itself, and its tasks are not on any channel.
      if (route.state === 'refused') continue;
      route.state = 'unknown';
      route.waiting = [];
      route.probes.clear();
    }
    for (const pending of this.#pending.values()) {
      if (pending.alone) continue;
      if (pending.sent) this.#sentAgain++;
      const { route, sent } = pending;
      pending.sent = false;
      if (route.state !== 'refused') this.#take(pending);
      else if (sent) route.waiting.push(pending);
    }
    this.#wakeUp();
  }

  #oldestUnanswered(): Pending | undefined {
    if (this.connection.blocked) return undefined;
    for (const pending of this.#pending.values()) if (pending.sent && !pending.alone) return pending;
    return undefined;
  }

  /** Whether `send` may be called now; otherwise await `ready()` first. */
  get hasRoom(): boolean {
    const isReady = this.#channel?.current !== undefined && this.#failure === undefined;
    if (!isReady || !this.#drained || this.#renewing) return false;
    const parked = this.#parked;
    return this.#pending.size - parked < this.#maxInFlight && parked < MOST_PARKED;
  }

  /** Tasks that wait for queues that do not take them. */
  get #parked(): number {
    if (this.#refused.size === 0) return 0;
    let parked = 0;
    for (const { waiting } of this.#refused) parked += waiting.length;
    return parked;
  }

  /** Tasks that were sent again after a channel was lost; some of them may be on the broker twice. */
  get sentAgain(): number {
    return this.#sentAgain;
  }

  /**
   * Tasks handed over whose queue does not take them.
   *
   * @param forLong only those of queues of which `onHeldUp` was told
   */
  *notTaken({ forLong }: { readonly forLong: boolean }): Iterable<OutgoingTask> {
    if (this.#refused.size === 0) return;
    for (const { task, route } of this.#pending.values()) {
      if (route.state === 'refused' && (route.heldUp || !forLong)) yield task;
    }
  }

  /** Tasks handed over and not confirmed. */
  get unconfirmed(): number {
    return this.#pending.size;
  }

  /** Resolves when there is room; rejects when the connection is lost or the broker refuses. */
  async ready(): Promise<void> {
    while (!this.hasRoom) await this.#nextChange();
  }

  /** Resolves when every task handed over is confirmed. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await this.#nextChange();
    if (this.#failure) throw this.#failure;
  }

  send(task: OutgoingTask): void {
    const route = this.#routeOf(task);
    const pending: Pending = { task, route, number: this.#count++, sent: false, alone: false };
    this.#pending.set(pending.number, pending);
    this.#take(pending);
  }

  #take(pending: Pending): void {
    const { route } = pending;
    if (route.givenUp) this.#giveUp(pending);
    else if (route.state === 'open') this.#publish(pending);
    else if (route.state === 'unknown') this.#probe(pending);
    else route.waiting.push(pending);
  }

  /** Writes down something in the event stream, confirmed; the stream is made again where it is not there. */
  async record(type: string, body: Buffer): Promise<void> {
    this.#recorder ??= ConfirmedWriter.open(this.connection, {
      patienceMs: PATIENCE_MS.giveUp,
      makeAgain: () => this.#makeTopology(),
      onFailure: (error) => this.#fail(error),
    });
    const recorder = await this.#recorder;
    let answer: 'confirmed' | 'refused' | undefined;
    const answered = (it: 'confirmed' | 'refused') => {
      answer = it;
      this.#wakeUp();
    };
    recorder.write({
      queue: this.names.eventStream,
      body,
      properties: { type, messageId: `record-${++this.#records}` },
      onConfirmed: () => answered('confirmed'),
      onRefused: () => answered('refused'),
    });
    while (answer === undefined) await this.#nextChange();
    if (answer === 'refused') throw new Error('the record was not confirmed: message nacked');
  }

  #routeOf({ toQueue, envelope }: OutgoingTask): Route {
    const routes = toQueue === undefined ? this.#routes : this.#routesByQueue;
    const name = toQueue ?? envelope.user;
    let route = routes.get(name);
    if (route === undefined) {
      route = newRoute(toQueue === undefined ? this.#wayToUser(name) : this.#wayToQueue(toQueue));
      routes.set(name, route);
    }
    return route;
  }

  #wayToUser(user: string): Way {
    const named = this.options.namedQueues?.queueOf(user);
    if (named !== undefined) return { exchange: '', key: named, queue: named, isMade: true };
    const shared = this.options.sharedQueue;
    const key = shared ?? routingKeyOf(this.names, user);
    const queue = shared ?? this.names.userQueuePrefix + key;
    return { exchange: this.names.taskExchange, key, queue, isMade: true };
  }

  #wayToQueue(queue: string): Way {
    const own = ownQueue(this.names, queue);
    if (own === undefined) {
      return { exchange: '', key: queue, queue, isMade: this.options.makesAllQueues === true };
    }
    return { exchange: this.names.taskExchange, key: own.key, queue, isMade: true };
  }

  #probe(pending: Pending): void {
    pending.route.state = 'probing';
    pending.route.probes.add(pending);
    this.#publish(pending);
  }

  #publish(pending: Pending): void {
    const { task, route } = pending;
    if (task.payload.length > this.#sizes.taken) {
      this.#askSize(pending);
      return;
    }
    const way = this.#wayOf(route);
    if (way === undefined) {
      this.#held.push(pending);
      return;
    }
    // While the channel is away it only waits in `#pending`.
    const channel = this.#channel?.current;
    if (channel === undefined) return;
    const { exchange, key } = way;
    const isDirect = way !== route;
    const onAnswer = (error: unknown) => {
      if (isDirect) this.#directUnanswered--;
      // No answer, since the channel was lost: it is sent again on the next.
      if (error && !isNack(error)) return;
      this.#answered(pending, error);
    };
    pending.sent = true;
    if (isDirect) this.#directUnanswered++;
    this.#drained = channel.publish(exchange, key, task.payload, optionsOf(task), onAnswer) && this.#drained;
  }

  /** Another than the route's own where it goes direct; undefined where it is not known yet. */
  #wayOf(route: Route): Pick<Way, 'exchange' | 'key'> | undefined {
    if (route.exchange === '') return route;
    this.#way.use();
    if (this.#way.current === 'exchange') return route;
    return this.#way.current && { exchange: '', key: route.queue };
  }

  /** It is known how to get to users: what has waited for that goes, in its order. */
  #sendHeld(): void {
    const held = this.#held;
    this.#held = [];
    for (const pending of held) {
      if (pending.route.probes.has(pending)) this.#publish(pending);
      else this.#take(pending);
    }
  }

  /** The user's other tasks wait for the answer. */
  #askSize(pending: Pending): void {
    const { task, route } = pending;
    route.state = 'probing';
    route.probes.add(pending);
    const generation = this.#generation;
    this.#sizes.refusing(task.payload.length).then(
      (most) => {
        if (generation !== this.#generation) return; // it has been taken up again
        if (most === undefined) this.#publish(pending);
        else this.#tooLarge(pending, most);
      },
      (error) => this.#fail(error),
    );
  }

  #tooLarge(pending: Pending, most: number): void {
    const { task, route } = pending;
    const text = `its payload of ${task.payload.length.toLocaleString('en-US')} bytes is more than the ${most.toLocaleString('en-US')} that the broker takes (max_message_size)`;
    this.#notTaken(pending, { kind: 'too-large', text });
    if (route.probes.delete(pending) && route.probes.size === 0) this.#openRoute(route);
  }

  #notTaken(pending: Pending, reason: NotTaken): void {
    const { task, number } = pending;
    const { onNotTaken } = this.options;
    if (onNotTaken === undefined) {
      const of = `a task of user ${JSON.stringify(task.envelope.user)}`;
      this.#fail(refusedError('NOT_TAKEN', `the broker does not take ${of}: ${reason.text}`));
      return;
    }
    this.#pending.delete(number);
    onNotTaken(task, reason);
    this.#wakeUp();
  }

  #answered(pending: Pending, error: unknown): void {
    if (error) {
      this.#nacked(pending);
      return;
    }
    if (this.#returned.size > 0 && this.#returned.delete(pending.task.id)) {
      this.#unroutable(pending);
      return;
    }
    const { route } = pending;
    this.#confirmed(pending);
    route.refusedSince = undefined;
    route.heldUp = false;
    route.onlyFresh = 0;
    if (route.probes.size > 0 && route.probes.delete(pending) && route.probes.size === 0) {
      route.unboundSince = undefined;
      route.unprunedSince = undefined;
      this.#openRoute(route);
    }
  }

  #confirmed({ number, task }: Pending): void {
    this.#pending.delete(number);
    this.options.onConfirmed(task);
    this.#wakeUp();
  }

  /**
   * A queue that is full takes nothing, and neither does one whose node has just gone, until it has another leader. It
   * is tried with one task at a time while others go on.
   */
  #nacked(pending: Pending): void {
    const { route } = pending;
    pending.sent = false;
    route.probes.clear();
    route.waiting.push(pending);
    if (route.state === 'refused') return;
    route.state = 'refused';
    route.refusedSince ??= this.now();
    this.#refused.add(route);
    this.#tryLater(route);
    this.#wakeUp();
  }

  #tryLater(route: Route): void {
    setTimeout(() => {
      if (this.#failure === undefined) this.#tryRefused(route).catch((error) => this.#fail(error));
    }, TRY_AGAIN_MS);
  }

  /** With a task on a fresh channel: ours may ask a leader that is gone, as RabbitMQ 3.10 does. */
  async #tryRefused(route: Route): Promise<void> {
    route.waiting.sort((a, b) => a.number - b.number);
    const first = route.waiting[0];
    if (first === undefined) {
      this.#reopen(route);
      return;
    }
    route.refusedSince ??= this.now();
    if (this.now() - route.refusedSince > PATIENCE_MS.giveUp) {
      if (this.options.onNotTaken !== undefined) {
        route.givenUp = true;
        this.#refused.delete(route);
        for (const pending of route.waiting.splice(0)) this.#giveUp(pending);
        return;
      }
      if (!route.heldUp) this.options.onHeldUp?.(route.queue, takesNothing(route.queue));
      route.heldUp = true;
    }
    first.alone = true;
    const answer = await this.#sendAlone(first);
    first.alone = false;
    if (answer !== 'confirmed') {
      if (answer === 'returned') this.#reopen(route);
      else this.#tryLater(route);
      return;
    }
    route.waiting.splice(route.waiting.indexOf(first), 1);
    this.#confirmed(first);
    route.refusedSince = undefined;
    route.heldUp = false;
    route.onlyFresh++;
    if (route.onlyFresh % MOST_ONLY_FRESH === 0) this.#renewQuietly();
    this.#reopen(route);
  }

  async #sendAlone({ task, route }: Pending): Promise<'confirmed' | 'returned' | 'refused'> {
    const channel = await this.connection.confirmChannel();
    const way = this.#wayOf(route);
    if (way === undefined) return 'refused'; // it is tried again
    let isReturned = false;
    channel.once('return', () => {
      isReturned = true;
    });
    const answer = await new Promise<'confirmed' | 'returned' | 'refused'>((resolve) => {
      if (way !== route) this.#directUnanswered++;
      channel.publish(way.exchange, way.key, task.payload, optionsOf(task), (error) => {
        if (way !== route) this.#directUnanswered--;
        if (error) resolve('refused');
        else resolve(isReturned ? 'returned' : 'confirmed');
      });
    });
    channel.close().catch(() => {}); // it has gone
    return answer;
  }

  /** Its next task goes our usual way, and then more and more of them. */
  #reopen(route: Route): void {
    route.burst = 1;
    route.state = 'unknown';
    if (this.#channel?.current !== undefined && !this.#renewing) this.#openRoute(route);
    // Otherwise the next channel takes what waits.
    else this.#refused.delete(route);
  }

  #giveUp(pending: Pending): void {
    this.#notTaken(pending, { kind: 'full', text: takesNothing(pending.route.queue) });
  }

  /** Where another channel is of use and ours is not. All of it is confirmed before, so nothing is sent twice. */
  #renewQuietly(): void {
    if (this.#renewing) return;
    this.#renewing = true;
    const generation = this.#generation;
    const renewed = async () => {
      const isUnderWay = () => [...this.#pending.values()].some(({ sent, alone }) => sent && !alone);
      while (generation === this.#generation && isUnderWay()) await delay(SETTLED_LOOK_MS);
      if (generation === this.#generation) this.#channel?.renewSoon();
    };
    renewed().catch((error) => this.#fail(error));
  }

  #openRoute(route: Route): void {
    const waiting = route.waiting.sort((a, b) => a.number - b.number);
    if (route.burst !== undefined && waiting.length > route.burst) {
      const burst = waiting.splice(0, route.burst);
      route.burst *= BURST_GROWTH;
      route.state = 'probing';
      for (const pending of burst) route.probes.add(pending);
      for (const pending of burst) this.#publish(pending);
      return;
    }
    route.burst = undefined;
    this.#refused.delete(route);
    route.state = 'open';
    route.waiting = [];
    // One of them may have to wait for an answer, and then the others wait behind it.
    for (const pending of waiting) this.#take(pending);
  }

  #unroutable(pending: Pending): void {
    const { route } = pending;
    if (!route.isMade) {
      this.#noQueue(pending);
      return;
    }
    pending.sent = false;
    route.probes.clear();
    route.waiting.push(pending);
    if (route.state === 'closed' || route.state === 'refused') return;
    route.state = 'closed';
    const generation = this.#generation;
    const isCurrent = () => generation === this.#generation;
    this.#makeRoute(route).then(
      () => {
        if (isCurrent()) this.#probeNext(route);
      },
      (error) => {
        if (isCurrent()) this.#fail(error);
      },
    );
  }

  #probeNext(route: Route): void {
    route.waiting.sort((a, b) => a.number - b.number);
    const first = route.waiting.shift();
    if (first) this.#probe(first);
    else route.state = 'unknown';
  }

  #noQueue({ task, route, number }: Pending): void {
    this.#pending.delete(number);
    this.options.onNoQueue?.(task, route.queue);
    this.#probeNext(route);
    this.#wakeUp();
  }

  async #makeRoute(route: Route): Promise<void> {
    const { namedQueues } = this.options;
    if (route.exchange === '' && namedQueues === undefined) {
      await makeFixedQueues(this.connection, this.names, this.options.queueKind, [route.queue]);
      if (route.unboundSince !== undefined) await delay(UNBOUND_RETRY_MS); // somebody deletes it again and again
      route.unboundSince ??= this.now();
      return;
    }
    const state =
      namedQueues === undefined
        ? await this.#maker.makeUnlessThere(route.queue, route.key)
        : await namedQueues.make(route.queue).then(() => 'made' as const);
    if (state === 'made') {
      const channel = this.#announcements?.current;
      if (channel !== undefined) announce(channel, this.names, { kind: 'queue', queue: route.queue });
      return;
    }
    // What goes direct comes back from no queue that is there: it has been made just now.
    if (this.#way.current !== 'exchange') {
      await delay(UNBOUND_RETRY_MS);
      return;
    }
    route.unboundSince ??= this.now();
    if (await this.#isOrphaned(route, this.now() - route.unboundSince)) {
      await this.#maker.bind(route.queue, route.key);
      return;
    }
    await delay(UNBOUND_RETRY_MS);
  }

  async #isOrphaned(route: Route, unboundMs: number): Promise<boolean> {
    if (unboundMs > ORPHANED_AFTER_MS) return true;
    if (unboundMs < LOOK_FOR_PRUNER_AFTER_MS) return false;
    if (await isLocked(this.connection, this.names.pruneLock)) {
      route.unprunedSince = undefined;
      return false;
    }
    route.unprunedSince ??= this.now();
    return this.now() - route.unprunedSince > NO_PRUNER_FOR_MS;
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

function takesNothing(queue: string): string {
  return `the queue "${queue}" has taken nothing for ${PATIENCE_MS.giveUp / 1000} s: it is full (max-length with overflow reject-publish), or its node is away`;
}
