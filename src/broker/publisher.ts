import type { Channel, ConfirmChannel, Options } from 'amqplib';
import { ENVELOPE_HEADER, type Envelope, encodeEnvelope } from '../core/envelope.js';
import { type Names, routingKeyOf } from '../core/names.js';
import { messageOf, refusedError } from '../errors.js';
import type { Connection } from './connection.js';
import { announce } from './control.js';
import { QueueMaker } from './queue-maker.js';
import { explainRefusal, type QueueType } from './topology.js';

/** Unconfirmed tasks at a time: enough to hide the round trip, few enough to say again after a cut. */
const MAX_IN_FLIGHT = 2_000;
/** A queue that has been there without its binding for so long has lost its pruner. */
const ORPHANED_AFTER_MS = 30_000;
const UNBOUND_RETRY_MS = 50;

export interface OutgoingTask {
  readonly id: string;
  /** The task's name: which handler runs it. */
  readonly type: string;
  readonly contentType: string;
  readonly payload: Buffer;
  readonly envelope: Envelope;
}

export interface PublisherOptions {
  readonly queueType: QueueType;
  /** Instead of the user's own: one routing key and queue for all (strategy `fifo`). */
  readonly sharedQueue?: string;
  readonly maxInFlight?: number;
  readonly onConfirmed: (task: OutgoingTask) => void;
}

interface Pending {
  readonly task: OutgoingTask;
  readonly route: Route;
  readonly number: number;
}

/**
 * Where one user's tasks go. The first task of a user is sent alone (`probing`) to see whether it
 * can be routed; until it is confirmed the user's others wait, so that their order holds. Once it
 * went through the route is `open`. A task that comes back makes it `closed` until the queue is there.
 */
interface Route {
  readonly key: string;
  readonly queue: string;
  state: 'unknown' | 'probing' | 'open' | 'closed';
  waiting: Pending[];
  /** Since when tasks have come back although the queue is there. */
  unboundSince: number | undefined;
}

/**
 * Publishes tasks with confirms and the `mandatory` flag. It publishes first and makes a queue only
 * when a task comes back unroutable; `QueueMaker` says why.
 */
export class Publisher {
  readonly #routes = new Map<string, Route>();
  readonly #returned = new Set<string>();
  readonly #maker: QueueMaker;
  readonly #announcements: Channel;
  readonly #channel: ConfirmChannel;
  readonly #maxInFlight: number;
  #open = 0;
  #count = 0;
  #drained = true;
  #wake: (() => void) | undefined;
  #failure: Error | undefined;

  private constructor(
    connection: Connection,
    private readonly names: Names,
    private readonly options: PublisherOptions,
    channel: ConfirmChannel,
    announcements: Channel,
    private readonly now: () => number,
  ) {
    this.#channel = channel;
    this.#announcements = announcements;
    this.#maker = new QueueMaker(connection, names, options.queueType);
    this.#maxInFlight = options.maxInFlight ?? MAX_IN_FLIGHT;
    channel.on('return', (message) => {
      // The broker returns a task just before it confirms it.
      this.#returned.add(String(message.properties.messageId));
    });
    channel.on('drain', () => {
      this.#drained = true;
      this.#wakeUp();
    });
    channel.on('error', (error) => this.#fail(explainRefusal(error, `the exchange "${names.taskExchange}"`)));
    connection.lost.catch((error) => this.#fail(error));
  }

  /** @param now milliseconds on a clock that never goes back */
  static async open(
    connection: Connection,
    names: Names,
    options: PublisherOptions,
    now: () => number,
  ): Promise<Publisher> {
    const channel = await connection.confirmChannel();
    return new Publisher(connection, names, options, channel, await connection.channel(), now);
  }

  /** Whether `send` may be called now; otherwise await `ready()` first. */
  get hasRoom(): boolean {
    return this.#drained && this.#open < this.#maxInFlight && this.#failure === undefined;
  }

  /** Tasks handed over and not confirmed. */
  get unconfirmed(): number {
    return this.#open;
  }

  /** Resolves when there is room; rejects when the connection is lost or the broker refuses. */
  async ready(): Promise<void> {
    while (!this.hasRoom) await this.#nextChange();
  }

  /** Resolves when every task handed over is confirmed. */
  async settled(): Promise<void> {
    while (this.#open > 0) await this.#nextChange();
    if (this.#failure) throw this.#failure;
  }

  send(task: OutgoingTask): void {
    const route = this.#routeOf(task.envelope.user);
    const pending: Pending = { task, route, number: this.#count++ };
    this.#open++;
    if (route.state === 'open') this.#publish(pending);
    else if (route.state === 'unknown') this.#probe(pending);
    else route.waiting.push(pending);
  }

  /** Writes down something in the event stream, confirmed. */
  async record(type: string, body: Buffer): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#channel.publish('', this.names.eventStream, body, { type, persistent: true }, (error) => {
        if (error) reject(new Error(`the record was not confirmed: ${messageOf(error)}`));
        else resolve();
      });
    });
  }

  #routeOf(user: string): Route {
    let route = this.#routes.get(user);
    if (route === undefined) {
      const shared = this.options.sharedQueue;
      const key = shared ?? routingKeyOf(this.names, user);
      const queue = shared ?? this.names.userQueuePrefix + key;
      route = { key, queue, state: 'unknown', waiting: [], unboundSince: undefined };
      this.#routes.set(user, route);
    }
    return route;
  }

  #probe(pending: Pending): void {
    pending.route.state = 'probing';
    this.#publish(pending);
  }

  #publish(pending: Pending): void {
    const { task, route } = pending;
    const options: Options.Publish = {
      mandatory: true,
      persistent: true,
      messageId: task.id,
      type: task.type,
      contentType: task.contentType,
      timestamp: Math.floor(task.envelope.sentAt / 1e6),
      headers: { [ENVELOPE_HEADER]: encodeEnvelope(task.envelope) },
    };
    this.#drained =
      this.#channel.publish(this.names.taskExchange, route.key, task.payload, options, (error) =>
        this.#answered(pending, error),
      ) && this.#drained;
  }

  #answered(pending: Pending, error: unknown): void {
    if (error) {
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
    if (this.#returned.size > 0 && this.#returned.delete(pending.task.id)) {
      this.#unroutable(pending);
      return;
    }
    const { route } = pending;
    if (route.state === 'probing') {
      route.unboundSince = undefined;
      this.#openRoute(route);
    }
    this.#open--;
    this.options.onConfirmed(pending.task);
    this.#wakeUp();
  }

  #openRoute(route: Route): void {
    route.state = 'open';
    const waiting = route.waiting.sort((a, b) => a.number - b.number);
    route.waiting = [];
    for (const pending of waiting) this.#publish(pending);
  }

  #unroutable(pending: Pending): void {
    const { route } = pending;
    route.waiting.push(pending);
    if (route.state === 'closed') return;
    route.state = 'closed';
    this.#makeRoute(route).then(
      () => {
        route.waiting.sort((a, b) => a.number - b.number);
        const first = route.waiting.shift();
        if (first) this.#probe(first);
        else route.state = 'unknown';
      },
      (error) => this.#fail(error),
    );
  }

  async #makeRoute(route: Route): Promise<void> {
    const state = await this.#maker.makeUnlessThere(route.queue, route.key);
    if (state === 'made') {
      announce(this.#announcements, this.names, { kind: 'queue', queue: route.queue });
      return;
    }
    route.unboundSince ??= this.now();
    if (this.now() - route.unboundSince > ORPHANED_AFTER_MS) {
      await this.#maker.bind(route.queue, route.key);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, UNBOUND_RETRY_MS));
  }

  #fail(error: Error): void {
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
