import { setTimeout as delay } from 'node:timers/promises';
import type { ConfirmChannel, Options } from 'amqplib';
import { type CarriedProperties, carriedProperties } from '../core/carried.js';
import { ENVELOPE_HEADER, type Envelope, encodeEnvelope } from '../core/envelope.js';
import { type Names, ownQueue, routingKeyOf } from '../core/names.js';
import type { SentProperties } from '../core/saved-message.js';
import { messageOf, refusedError } from '../errors.js';
import { type Connection, isNack } from './connection.js';
import { announce } from './control.js';
import { makeFixedQueues } from './fixed-queues.js';
import { LastingChannel } from './lasting-channel.js';
import { isLocked } from './lock.js';
import { QueueMaker } from './queue-maker.js';
import { explainRefusal } from './refusal.js';
import { assertTopology, type QueueKind } from './topology.js';

/** Unconfirmed tasks at a time: enough to hide the round trip, few enough to say again after a cut. */
const MAX_IN_FLIGHT = 2_000;
/** A queue that has been there without its binding for so long has lost its pruner. */
const ORPHANED_AFTER_MS = 30_000;
/** So has one, after so long, if no pruner has been at work for a moment: what it had begun has ended by then. */
const LOOK_FOR_PRUNER_AFTER_MS = 500;
const NO_PRUNER_FOR_MS = 700;
const UNBOUND_RETRY_MS = 50;
/** What the broker does not take is tried again for so long: a quorum queue chooses a leader in some seconds. */
const NACKED_FOR_MS = 30_000;

export interface OutgoingTask {
  readonly id: string;
  /** The task's name: which handler runs it. */
  readonly type: string;
  readonly contentType: string;
  readonly payload: Buffer;
  readonly envelope: Envelope;
  /** The queue that it goes to, if not that of its user. */
  readonly toQueue?: string;
  /** To send beside the envelope. */
  readonly headers?: Readonly<Record<string, unknown>>;
  /** To send beside its type and content type: who waits for its result, for one. */
  readonly properties?: CarriedProperties & SentProperties;
  /** Somebody else's message, to be sent as it was: without the envelope. */
  readonly isBare?: boolean;
}

/** What a task that is sent on says of itself in its message's properties. */
export function outgoingProperties(
  properties: Parameters<typeof carriedProperties>[0],
): Pick<OutgoingTask, 'type' | 'contentType' | 'properties'> {
  const carried = carriedProperties(properties);
  const { type = '', contentType = '' } = carried;
  return { type, contentType, properties: carried };
}

function ownOptions(task: OutgoingTask): Options.Publish {
  return {
    ...task.properties,
    mandatory: true,
    persistent: true,
    messageId: task.id,
    type: task.type,
    contentType: task.contentType,
    timestamp: Math.floor(task.envelope.sentAt / 1e6),
    headers: { ...task.headers, [ENVELOPE_HEADER]: encodeEnvelope(task.envelope) },
  };
}

/** What is not said is not there: an empty text is another message. */
function bareOptions({ id, type, contentType, headers, properties }: OutgoingTask): Options.Publish {
  return {
    ...properties,
    ...{ mandatory: true, persistent: true, messageId: id, headers: headers ?? {} },
    ...(type !== '' && { type }),
    ...(contentType !== '' && { contentType }),
  };
}

/** User queues that are not fairq's own: an application has named them, and they are reached by their name. */
export interface NamedQueues {
  queueOf(user: string): string;
  /** Makes one that is not there. */
  make(queue: string): Promise<void>;
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
  /** For who awaits neither `ready` nor `settled`, which reject with it. */
  readonly onFailure?: (error: Error) => void;
}

interface Pending {
  readonly task: OutgoingTask;
  readonly route: Route;
  readonly number: number;
  /** It is on its way to the broker, and not kept here until its queue is there. */
  sent: boolean;
  /** Since when the broker does not take it. */
  nackedSince: number | undefined;
}

/**
 * Where one user's tasks go. The first task of a user is sent alone (`probing`) to see whether it
 * can be routed; until it is confirmed the user's others wait, so that their order holds. Once it
 * went through the route is `open`. A task that comes back makes it `closed` until the queue is there.
 */
interface Route {
  readonly exchange: string;
  readonly key: string;
  readonly queue: string;
  /** Its queue is made where it is not there. */
  readonly isMade: boolean;
  state: 'unknown' | 'probing' | 'open' | 'closed';
  waiting: Pending[];
  /** Since when tasks have come back although the queue is there. */
  unboundSince: number | undefined;
  /** Since when no pruner is at work that might have it in hand. */
  unprunedSince: number | undefined;
}

type Way = Pick<Route, 'exchange' | 'key' | 'queue' | 'isMade'>;

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
  readonly #maxInFlight: number;
  /** Handed over and not confirmed, by number. */
  readonly #pending = new Map<number, Pending>();
  #channel: LastingChannel<ConfirmChannel> | undefined;
  #announcements: LastingChannel | undefined;
  /** Counts the channels: what was begun under an earlier one is void. */
  #generation = 0;
  #count = 0;
  #records = 0;
  /** The message id of a record that is on its way. */
  #recording: string | undefined;
  #sentAgain = 0;
  #drained = true;
  #wake: (() => void) | undefined;
  #failure: Error | undefined;

  private constructor(
    private readonly connection: Connection,
    private readonly names: Names,
    private readonly options: PublisherOptions,
    private readonly now: () => number,
  ) {
    this.#maker = new QueueMaker(connection, names, options.queueKind);
    this.#maxInFlight = options.maxInFlight ?? MAX_IN_FLIGHT;
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
    this.#channel = await LastingChannel.open(
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
    this.#announcements = await LastingChannel.open(
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
    this.#returned.clear();
    for (const route of [...this.#routes.values(), ...this.#routesByQueue.values()]) {
      route.state = 'unknown';
      route.waiting = [];
    }
    this.#sentAgain += this.#pending.size;
    for (const pending of this.#pending.values()) {
      pending.sent = false;
      this.#take(pending);
    }
    this.#wakeUp();
  }

  #oldestUnanswered(): Pending | string | undefined {
    if (this.connection.blocked) return undefined;
    for (const pending of this.#pending.values()) if (pending.sent) return pending;
    return this.#recording;
  }

  /** Whether `send` may be called now; otherwise await `ready()` first. */
  get hasRoom(): boolean {
    const isReady = this.#channel?.current !== undefined && this.#failure === undefined;
    return isReady && this.#drained && this.#pending.size < this.#maxInFlight;
  }

  /** Tasks that were sent again after a channel was lost; some of them may be on the broker twice. */
  get sentAgain(): number {
    return this.#sentAgain;
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
    const pending: Pending = { task, route, number: this.#count++, sent: false, nackedSince: undefined };
    this.#pending.set(pending.number, pending);
    this.#take(pending);
  }

  #take(pending: Pending): void {
    const { route } = pending;
    if (route.state === 'open') this.#publish(pending);
    else if (route.state === 'unknown') this.#probe(pending);
    else route.waiting.push(pending);
  }

  /** Writes down something in the event stream, confirmed; the stream is made again where it is not there. */
  async record(type: string, body: Buffer): Promise<void> {
    for (;;) {
      while (this.#channel?.current === undefined) await this.#nextChange();
      const generation = this.#generation;
      const messageId = `record-${++this.#records}`;
      const outcome = await this.#recordOnce(this.#channel.current, messageId, type, body);
      if (outcome === 'confirmed') return;
      if (outcome !== 'unroutable') continue;
      await this.#makeTopology().catch((error) => {
        // It failed with its connection, and the next channel makes it before it is used.
        if (generation === this.#generation) throw error;
      });
    }
  }

  #recordOnce(
    channel: ConfirmChannel,
    messageId: string,
    type: string,
    body: Buffer,
  ): Promise<'confirmed' | 'unroutable' | 'lost'> {
    const { eventStream } = this.names;
    const options = { type, messageId, persistent: true, mandatory: true };
    this.#recording = messageId;
    return new Promise((resolve, reject) => {
      channel.publish('', eventStream, body, options, (error) => {
        this.#recording = undefined;
        if (this.#returned.delete(messageId)) resolve('unroutable');
        else if (!error) resolve('confirmed');
        else if (!isNack(error)) resolve('lost');
        else reject(new Error(`the record was not confirmed: ${messageOf(error)}`));
      });
    });
  }

  #routeOf({ toQueue, envelope }: OutgoingTask): Route {
    const routes = toQueue === undefined ? this.#routes : this.#routesByQueue;
    const name = toQueue ?? envelope.user;
    let route = routes.get(name);
    if (route === undefined) {
      route = {
        ...(toQueue === undefined ? this.#wayToUser(name) : this.#wayToQueue(toQueue)),
        ...{ state: 'unknown', waiting: [], unboundSince: undefined, unprunedSince: undefined },
      };
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
    this.#publish(pending);
  }

  #publish(pending: Pending): void {
    const { task, route } = pending;
    const options = task.isBare === true ? bareOptions(task) : ownOptions(task);
    const onAnswer = (error: unknown) => {
      // No answer, since the channel was lost: it is sent again on the next.
      if (error && !isNack(error)) return;
      this.#answered(pending, error);
    };
    // While the channel is away it only waits in `#pending`.
    const channel = this.#channel?.current;
    if (channel === undefined) return;
    pending.sent = true;
    const { exchange, key } = route;
    this.#drained = channel.publish(exchange, key, task.payload, options, onAnswer) && this.#drained;
  }

  #answered(pending: Pending, error: unknown): void {
    if (error) {
      this.#nacked(pending, error);
      return;
    }
    if (this.#returned.size > 0 && this.#returned.delete(pending.task.id)) {
      this.#unroutable(pending);
      return;
    }
    const { route } = pending;
    if (route.state === 'probing') {
      route.unboundSince = undefined;
      route.unprunedSince = undefined;
      this.#openRoute(route);
    }
    this.#pending.delete(pending.number);
    this.options.onConfirmed(pending.task);
    this.#wakeUp();
  }

  /**
   * A queue whose node has just gone takes nothing until it has another leader, and neither does one that
   * is full: all that is unconfirmed is sent again on another channel, for a while.
   */
  #nacked(pending: Pending, error: unknown): void {
    pending.nackedSince ??= this.now();
    if (this.now() - pending.nackedSince > NACKED_FOR_MS) {
      this.#fail(
        refusedError(
          'NOT_CONFIRMED',
          `the broker did not take a task of user ${JSON.stringify(pending.task.envelope.user)}: ${messageOf(error)}`,
          {
            hint: "Look at the broker's log and at the limits (x-max-length, disk) of the queue.",
            cause: error,
          },
        ),
      );
      return;
    }
    this.#channel?.renewSoon();
  }

  #openRoute(route: Route): void {
    route.state = 'open';
    const waiting = route.waiting.sort((a, b) => a.number - b.number);
    route.waiting = [];
    for (const pending of waiting) this.#publish(pending);
  }

  #unroutable(pending: Pending): void {
    const { route } = pending;
    if (!route.isMade) {
      this.#noQueue(pending);
      return;
    }
    pending.sent = false;
    route.waiting.push(pending);
    if (route.state === 'closed') return;
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
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  async #nextChange(): Promise<void> {
    if (this.#failure) throw this.#failure;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (this.#failure) throw this.#failure;
  }
}
