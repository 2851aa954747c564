import { type Names, ownQueue, routingKeyOf } from '../../core/queues/names.js';
import type { OutgoingTask } from './outgoing-task.js';
import type { PublisherOptions } from './publisher-contract.js';
import { Route, type RouteActions, type Way } from './route.js';

/** The routes of a publisher: one for each user, and one for each queue that tasks name. */
export class Routes {
  readonly #byUser = new Map<string, Route>();
  readonly #byQueue = new Map<string, Route>();

  constructor(
    private readonly names: Names,
    private readonly options: Pick<PublisherOptions, 'namedQueues' | 'sharedQueue' | 'makesAllQueues'>,
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
