import { type Names, ownQueue, routingKeyOf } from '../../core/queues/names.js';
import type { OutgoingTask } from './outgoing-task.js';
import type { PublisherOptions } from './publisher-contract.js';
import { Route, type RouteActions, type Way } from './route.js';

/** More routes than so are looked through for idle ones, where the publisher has no end. */
const MOST_IDLE = 10_000;

/** The routes of a publisher: one for each user, and one for each queue that tasks name. */
export class Routes {
  readonly #byUser = new Map<string, Route>();
  readonly #byQueue = new Map<string, Route>();
  /** So many routes are looked through next. */
  #crowdedAt = MOST_IDLE;

  constructor(
    private readonly names: Names,
    private readonly options: Pick<
      PublisherOptions,
      'namedQueues' | 'sharedQueue' | 'makesAllQueues' | 'isEndless'
    >,
    private readonly actions: RouteActions,
  ) {}

  of({ toQueue, envelope }: OutgoingTask): Route {
    const routes = toQueue === undefined ? this.#byUser : this.#byQueue;
    const name = toQueue ?? envelope.user;
    let route = routes.get(name);
    if (route === undefined) {
      route = new Route(toQueue === undefined ? this.#wayToUser(name) : this.#wayToQueue(name), this.actions);
      routes.set(name, route);
    }
    return route;
  }

  /**
   * Forgets routes of which nothing is under way, where there are many. The next task of such a user is a probe.
   *
   * @param oldestOf finds the number of the oldest task that is not confirmed
   */
  forgetIdle(oldestOf: () => number): void {
    if (this.#byUser.size < this.#crowdedAt) return;
    const oldest = oldestOf();
    for (const [user, route] of this.#byUser) if (route.isIdle(oldest)) this.#byUser.delete(user);
    this.#crowdedAt = Math.max(MOST_IDLE, this.#byUser.size * 2);
  }

  /** Its queue was given up: the next task of its user begins anew. */
  givenUp(route: Route): void {
    if (!this.options.isEndless) return;
    for (const routes of [this.#byUser, this.#byQueue]) {
      for (const [name, known] of routes) if (known === route) routes.delete(name);
    }
  }

  channelLost(): void {
    for (const route of this.#byUser.values()) route.channelLost();
    for (const route of this.#byQueue.values()) route.channelLost();
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
}
