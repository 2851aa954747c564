import { type Names, ownQueue, routingKeyOf } from '../../core/queues/names.js';
import type { OutgoingTask } from './outgoing-task.js';
import type { PublisherOptions } from './publisher-contract.js';
import { type Pending, Route, type RouteActions, type Way } from './route.js';
import type { Sharing } from './sharing.js';

/** More routes than so are looked through for idle ones, where the publisher has no end. */
const MOST_IDLE = 10_000;

type RoutesOptions = Pick<
  PublisherOptions,
  'namedQueues' | 'sharedQueue' | 'makesAllQueues' | 'isEndless' | 'units'
>;

/**
 * The routes of a publisher: one for each user, and one for each queue that tasks name. Where light users share queues,
 * they have one route together: a million of them cost neither a million routes nor a probe each. A task of theirs that
 * comes back, or is not taken, goes on by a route of its own user, on which the user's later tasks follow it.
 */
export class Routes {
  readonly #byUser = new Map<string, Route>();
  readonly #byQueue = new Map<string, Route>();
  readonly #ofLightUsers: Route;
  /** So many routes are looked through next. */
  #crowdedAt = MOST_IDLE;

  constructor(
    private readonly names: Names,
    private readonly options: RoutesOptions,
    private readonly sharing: Pick<Sharing, 'isOn' | 'needsOwn' | 'queueByName' | 'canMend'>,
    private readonly actions: RouteActions,
  ) {
    this.#ofLightUsers = new Route(
      {
        exchange: names.taskExchange,
        key: '',
        queue: names.spreadExchange,
        isMade: true,
        ofTask: (task) => this.#wayOf(task),
      },
      actions,
    );
  }

  of(task: OutgoingTask): Route {
    const known = this.#known(task);
    if (known !== undefined) return known;
    const user = this.sharing.isOn ? this.#userAt(task) : undefined;
    if (user !== undefined && !this.sharing.needsOwn(user)) return this.#ofLightUsers;
    return this.#add(task, { ...this.#wayOf(task), isMadeFirst: this.sharing.isOn });
  }

  /** The broker found no queue for the task. */
  returned(pending: Pending): void {
    const { route } = pending;
    if (route !== this.#ofLightUsers || this.sharing.canMend || route.state === 'closed') {
      route.returned(pending);
      return;
    }
    const { user } = pending.task.envelope;
    const byName = this.sharing.queueByName(user);
    if (byName === undefined) this.#alone(pending).returned(pending);
    else this.#leave(pending, this.#toQueue(byName)).take(pending);
  }

  /** A queue did not take the task. */
  nacked(pending: Pending): void {
    // Others' queues are not full for that.
    const route = pending.route === this.#ofLightUsers ? this.#alone(pending) : pending.route;
    route.nacked(pending);
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
    this.#ofLightUsers.channelLost();
    for (const route of this.#byUser.values()) route.channelLost();
    for (const route of this.#byQueue.values()) route.channelLost();
  }

  #known({ toQueue, envelope }: OutgoingTask): Route | undefined {
    return toQueue === undefined ? this.#byUser.get(envelope.user) : this.#byQueue.get(toQueue);
  }

  #add({ toQueue, envelope }: OutgoingTask, way: Way): Route {
    const route = new Route(way, this.actions);
    if (toQueue === undefined) this.#byUser.set(envelope.user, route);
    else this.#byQueue.set(toQueue, route);
    return route;
  }

  /** Whose own queue the task goes to; undefined where it goes to another. */
  #userAt({ toQueue, envelope }: OutgoingTask): string | undefined {
    if (toQueue === undefined) return this.options.sharedQueue === undefined ? envelope.user : undefined;
    const own = ownQueue(this.names, toQueue);
    return own?.kind === 'user' ? own.name : undefined;
  }

  /** From the route of all light users to one of the task's own user. */
  #alone(pending: Pending): Route {
    const { task } = pending;
    return this.#leave(pending, this.#known(task) ?? this.#add(task, this.#wayOf(task)));
  }

  #leave(pending: Pending, route: Route): Route {
    const light = pending.route;
    pending.route = route;
    route.last = Math.max(route.last, pending.number);
    light.without(pending);
    return route;
  }

  #toQueue(queue: string): Route {
    const known = this.#byQueue.get(queue);
    if (known !== undefined) return known;
    const route = new Route({ exchange: '', key: queue, queue, isMade: true }, this.actions);
    this.#byQueue.set(queue, route);
    return route;
  }

  #wayOf({ toQueue, envelope }: OutgoingTask): Way {
    return toQueue === undefined ? this.#wayToUser(envelope.user) : this.#wayToQueue(toQueue);
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
