import { spreadPrefetch } from '../scheduling/prefetch.js';
import { Deque } from '../values/deque.js';
import { homesOf, type Routing } from './routing.js';

/** How users share queues, and when one gets a queue of its own. */
export interface SharingRules {
  /** A user is promoted whose prefetched tasks from shared queues are more than this, over all workers. */
  readonly promoteAfter: number;
  /** What it takes a worker to move a task, milliseconds. */
  readonly moveMs: number;
  /** An own queue that has been empty for so long is given up, milliseconds. */
  readonly demoteAfterMs: number;
}

/**
 * Users on N shared queues, of whom those that become heavy have a queue of their own for a while. Shared queues are
 * numbered from 0, and the own queue of a user is N + its number.
 *
 * A user is shared → (a worker holds too many of its tasks) → promoted → (its own queue has been empty for long
 * enough) → shared. Its own queue is empty when nothing of it waits there, runs, or is on its way there.
 */
export class Promotions implements Routing {
  readonly queues: number;
  readonly lanes: number;
  readonly byArrival = false;
  /** More prefetched tasks of one user than that at one worker promote it. */
  readonly limit: number;
  /** Times a user was promoted, and given up its queue again. */
  promotions = 0;
  demotions = 0;
  /** The most own queues at once. */
  mostOwn = 0;
  readonly #homes: Uint32Array;
  readonly #promoted: Uint8Array;
  /** Tasks that are in an own queue, run, or are on their way there. */
  readonly #ownTasks: Uint32Array;
  /** Own queues that have run empty, in the order of time; some of them have got tasks since. */
  readonly #empty = new Deque<{ readonly user: number; readonly since: number }>();
  readonly #emptySince: Float64Array;
  readonly #prefetch: number;

  constructor(
    private readonly names: readonly string[],
    readonly shared: number,
    workers: number,
    readonly rules: SharingRules,
  ) {
    this.queues = shared + names.length;
    this.lanes = names.length;
    this.#prefetch = spreadPrefetch(shared, workers, rules.promoteAfter);
    this.limit = Math.max(1, this.#prefetch / 2);
    this.#homes = homesOf(names, shared);
    this.#promoted = new Uint8Array(names.length);
    this.#ownTasks = new Uint32Array(names.length);
    this.#emptySince = new Float64Array(names.length);
  }

  queueOf(user: number): number {
    return this.#promoted[user] === 1 ? this.ownQueue(user) : this.#homes[user]!;
  }

  laneOf(user: number): number {
    return user;
  }

  nameOf(lane: number): string {
    return this.names[lane]!;
  }

  fixedPrefetch(queue: number): number | undefined {
    return this.isShared(queue) ? this.#prefetch : undefined;
  }

  isShared(queue: number): boolean {
    return queue < this.shared;
  }

  home(user: number): number {
    return this.#homes[user]!;
  }

  ownQueue(user: number): number {
    return this.shared + user;
  }

  isPromoted(user: number): boolean {
    return this.#promoted[user] === 1;
  }

  promote(user: number): void {
    this.#promoted[user] = 1;
    this.promotions++;
    this.mostOwn = Math.max(this.mostOwn, this.promotions - this.demotions);
  }

  /** A task is in the user's own queue, or on its way there. */
  taken(user: number): void {
    this.#ownTasks[user]!++;
  }

  /** A task from the user's own queue has ended. */
  ended(user: number, now: number): void {
    if (--this.#ownTasks[user]! > 0) return;
    this.#emptySince[user] = now;
    this.#empty.push({ user, since: now });
  }

  /** Gives up the own queues that have been empty for long enough. */
  goTo(now: number): void {
    for (let first = this.#empty.first; first !== undefined; first = this.#empty.first) {
      const { user, since } = first;
      if (since + this.rules.demoteAfterMs > now) return;
      this.#empty.shift();
      const isEmpty = this.#ownTasks[user] === 0 && this.#emptySince[user] === since;
      if (!isEmpty || this.#promoted[user] === 0) continue;
      this.#promoted[user] = 0;
      this.demotions++;
    }
  }
}
