import { type InForce, Policy } from '../../../core/policy/policy.js';
import { NO_POLICY, type PolicyDocument } from '../../../core/policy/policy-document.js';
import type { Clock } from '../../../core/values/clock.js';
import type { ConsumedQueue } from '../intake/consumed-queue.js';

/** Longer than that and Node's timers fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Makes one thing so that the policy says of a user's queue. */
export interface Steered {
  /**
   * Begins at once, so that nothing starts any more that is not to start.
   *
   * @returns when it is so; undefined where it is so already
   */
  apply(queue: ConsumedQueue, inForce: InForce): Promise<void> | undefined;
}

export interface SteeringListener {
  /** All that this revision says is so here. Again when a setting of it has ended. */
  onApplied(revision: number): void;
  onFailure(error: Error): void;
}

/**
 * What operators have set, as far as this worker's users are concerned: applies each new document to the queues that are
 * served, each setting that ends when it ends, and all of it to queues that are taken up later.
 */
export class Steering {
  #policy = new Policy(NO_POLICY);
  #revision = 0;
  #queues: () => Iterable<ConsumedQueue> = () => [];
  #steered: readonly Steered[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(
    private readonly clock: Clock,
    private readonly listener: SteeringListener,
  ) {}

  /** The revision that the worker goes by, completely. */
  get revision(): number {
    return this.#revision;
  }

  /** What is set for a user at this moment. */
  inForce(user: string): InForce {
    return this.#policy.forUser(user, this.#now());
  }

  /** @param queues those that are served, whenever it is asked */
  begin(queues: () => Iterable<ConsumedQueue>, steered: readonly Steered[]): void {
    this.#queues = queues;
    this.#steered = steered;
  }

  /** A queue is taken up: what is set for its user counts before anything of it comes. */
  newQueue(queue: ConsumedQueue): void {
    const inForce = this.inForce(queue.lane.user);
    for (const one of this.#steered) {
      one.apply(queue, inForce)?.catch((error) => this.listener.onFailure(error));
    }
  }

  /** A newer document. */
  apply(document: PolicyDocument): void {
    this.#policy = new Policy(document);
    this.#applyAll();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #applyAll(): void {
    if (this.#isClosed) return;
    const { revision } = this.#policy.document;
    const under: Promise<void>[] = [];
    for (const queue of this.#queues()) {
      const inForce = this.inForce(queue.lane.user);
      for (const one of this.#steered) {
        const change = one.apply(queue, inForce);
        if (change !== undefined) under.push(change);
      }
    }
    this.#awaitNextEnd();
    Promise.all(under).then(
      () => this.#applied(revision),
      (error) => this.listener.onFailure(error),
    );
  }

  #applied(revision: number): void {
    if (this.#isClosed || revision < this.#revision) return;
    this.#revision = revision;
    this.listener.onApplied(revision);
  }

  #awaitNextEnd(): void {
    clearTimeout(this.#timer);
    const now = this.#now();
    const end = this.#policy.nextEnd(now);
    if (end === undefined) return;
    const again = () => (this.#now() < end ? this.#awaitNextEnd() : this.#applyAll());
    this.#timer = setTimeout(again, Math.min(LONGEST_TIMER_MS, Math.max(1, end - now))).unref();
  }

  /** Ends are moments of the calendar; milliseconds since the epoch. */
  #now(): number {
    return this.clock.epochMicros() / 1_000;
  }
}
