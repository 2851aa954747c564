import { type InForce, Policy } from '../../../core/policy/policy.js';
import { NO_POLICY, type PolicyDocument } from '../../../core/policy/policy-document.js';
import type { Clock } from '../../../core/values/clock.js';
import type { ConsumedQueue } from '../intake/consumed-queue.js';

/** Longer than that and Node's timers fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const NOTHING: InForce = {};

/** Makes one thing so that the policy says of a user's queue. */
export interface Steered {
  /**
   * Begins at once, so that nothing starts any more that is not to start.
   *
   * @param inForce what is set for the user
   * @param ofTenant what is set for its tenant; nothing where this worker knows no tenants
   * @returns when it is so; undefined where it is so already
   */
  apply(queue: ConsumedQueue, inForce: InForce, ofTenant: InForce): Promise<void> | undefined;
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
  #onChange: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(
    private readonly clock: Clock,
    private readonly listener: SteeringListener,
    /** Whom a user belongs to; undefined: this worker knows no tenants. */
    private readonly tenantOf?: (user: string) => string,
  ) {}

  /** The revision that the worker goes by, completely. */
  get revision(): number {
    return this.#revision;
  }

  /** That are served. */
  get queues(): Iterable<ConsumedQueue> {
    return this.#queues();
  }

  /** What is set for a user at this moment. */
  inForce(user: string): InForce {
    return this.#policy.forUser(user, this.#now());
  }

  /** What is set for the tenant of a user at this moment. */
  ofTenant(user: string): InForce {
    return this.tenantOf === undefined ? NOTHING : this.#policy.forTenant(this.tenantOf(user), this.#now());
  }

  /** Nothing of this user is to start: it is paused itself, or its tenant is. */
  isPaused(user: string): boolean {
    return this.inForce(user).paused !== undefined || this.ofTenant(user).paused !== undefined;
  }

  /** Rules for tenants are set, and this worker does not know whom its users belong to. */
  get passesTenantsOver(): boolean {
    return this.tenantOf === undefined && this.#policy.hasTenants(this.#now());
  }

  /**
   * @param queues those that are served, whenever it is asked
   * @param onChange what is set has changed, for users that have no queue too: nothing starts any more that is not to
   */
  begin(
    queues: () => Iterable<ConsumedQueue>,
    steered: readonly Steered[],
    onChange: () => void = () => {},
  ): void {
    this.#onChange = onChange;
    this.#queues = queues;
    this.#steered = steered;
  }

  /** A queue is taken up: what is set for its user counts before anything of it comes. */
  newQueue(queue: ConsumedQueue): void {
    for (const change of this.#applyTo(queue)) change.catch((error) => this.listener.onFailure(error));
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
    this.#onChange();
    const changes = Array.from(this.#queues(), (queue) => this.#applyTo(queue)).flat();
    this.#awaitNextEnd();
    Promise.all(changes).then(
      () => this.#applied(revision),
      (error) => this.listener.onFailure(error),
    );
  }

  /** @returns what is not so yet */
  #applyTo(queue: ConsumedQueue): Promise<void>[] {
    const { user } = queue.lane;
    const [inForce, ofTenant] = [this.inForce(user), this.ofTenant(user)];
    return this.#steered.flatMap((one) => one.apply(queue, inForce, ofTenant) ?? []);
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
