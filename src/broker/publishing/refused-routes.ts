import { PATIENCE_MS, TRY_AGAIN_MS } from '../connection/patience.js';
import type { FullQueues } from './full-queues.js';
import type { Pending, Route } from './route.js';

/** Times in a row that a queue took a task from a channel of its own and none from ours: ours asks a leader that is gone. */
const MOST_ONLY_ALONE = 3;

/** How a task fared on a channel of its own. `refused`: it was not taken, or there was no answer. */
export type AloneAnswer = 'confirmed' | 'returned' | 'refused';

export interface RefusedRoutesDeps {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** Whether the channel that tasks usually go by is in use. */
  hasChannel(): boolean;
  /** The publisher has failed: nothing is tried any more. */
  hasFailed(): boolean;
  /** Sends the task on a channel that nothing else uses. */
  sendAlone(pending: Pending): Promise<AloneAnswer>;
  /** The broker has the task. */
  onConfirmed(pending: Pending): void;
  /**
   * The queue has taken nothing for long. Said once, until it takes something again.
   *
   * @returns whether it is given up; otherwise it is tried for ever
   */
  onHeldUp(route: Route): boolean;
  /** Says why a queue refuses; undefined where nobody asks. */
  readonly full?: Pick<FullQueues, 'why' | 'isImpatient'> | undefined;
  /** Queues take tasks alone, and none from the usual channel: it is to be another. */
  onChannelOfNoUse(): void;
  onFailure(error: Error): void;
}

/**
 * Tries queues that do not take what they are sent: a full one, or one whose node has just gone, until it has another
 * leader. The oldest task of each is sent on a channel of its own, twice a second: the usual channel may ask a leader
 * that is gone, as RabbitMQ 3.10 does.
 */
export class RefusedRoutes {
  /** From their first refusal until none of their tasks waits. */
  readonly #routes = new Set<Route>();

  constructor(private readonly deps: RefusedRoutesDeps) {}

  /** Tasks that wait for queues that do not take them. */
  get parked(): number {
    if (this.#routes.size === 0) return 0;
    let parked = 0;
    for (const { waiting } of this.#routes) parked += waiting;
    return parked;
  }

  get isEmpty(): boolean {
    return this.#routes.size === 0;
  }

  /** The route's queue did not take a task. */
  add(route: Route): void {
    route.refusedSince ??= this.deps.now();
    this.#routes.add(route);
    if (this.deps.full === undefined) this.#tryLater(route);
    else this.#ask(route).catch((error) => this.deps.onFailure(error));
  }

  /** The route's queue takes tasks again, and none waits. */
  remove(route: Route): void {
    this.#routes.delete(route);
  }

  #tryLater(route: Route): void {
    setTimeout(() => {
      if (!this.deps.hasFailed()) this.#try(route).catch((error) => this.deps.onFailure(error));
    }, TRY_AGAIN_MS);
  }

  /** It has refused a task for the first time. */
  async #ask(route: Route): Promise<void> {
    if (await this.#isRefused(route, false)) return;
    if (this.deps.full?.isImpatient === true) await this.#try(route);
    else this.#tryLater(route);
  }

  /** @returns whether what waits was refused: the queue is full, and that is not waited for */
  async #isRefused(route: Route, wasAlone: boolean): Promise<boolean> {
    const reason = await this.deps.full?.why(route.way.queue, wasAlone);
    if (this.deps.hasFailed()) return true;
    if (reason === undefined) return false;
    this.#routes.delete(route);
    route.refuse(reason);
    return true;
  }

  async #try(route: Route): Promise<void> {
    const oldest = route.oldestWaiting;
    if (oldest === undefined) {
      this.#reopen(route);
      return;
    }
    if (this.#isGivenUp(route)) {
      this.#routes.delete(route);
      route.giveUp();
      return;
    }
    const answer = await this.deps.sendAlone(oldest);
    if (answer === 'refused') {
      if (!(await this.#isRefused(route, true))) this.#tryLater(route);
      return;
    }
    if (answer === 'confirmed') {
      route.aloneConfirmed(oldest);
      this.deps.onConfirmed(oldest);
      if (route.onlyAlone % MOST_ONLY_ALONE === 0) this.deps.onChannelOfNoUse();
    }
    this.#reopen(route);
  }

  #isGivenUp(route: Route): boolean {
    const now = this.deps.now();
    route.refusedSince ??= now;
    if (now - route.refusedSince <= PATIENCE_MS.giveUp || route.heldUp) return false;
    if (this.deps.onHeldUp(route)) return true;
    route.heldUp = true;
    return false;
  }

  #reopen(route: Route): void {
    const hasChannel = this.deps.hasChannel();
    if (!hasChannel) this.#routes.delete(route);
    route.reopen(hasChannel);
  }
}
