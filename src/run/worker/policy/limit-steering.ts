import { within } from '../../../broker/connection/within.js';
import type { InForce } from '../../../core/policy/policy.js';
import { beside, hasPassed } from '../../../core/scheduling/both-gates.js';
import type { Gate } from '../../../core/scheduling/gate.js';
import { isBlocked, type Lane, type Scheduler } from '../../../core/scheduling/scheduler.js';
import type { ConsumedQueue } from '../intake/consumed-queue.js';
import type { TaskRun } from '../slots/task-run.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import type { ChannelDeps } from '../worker-contract.js';
import { GivenUpRuns, type WriteGivenUp } from './given-up-runs.js';
import { GrantOffice } from './grant-office.js';
import { type Limited, LimitedTenant, LimitedUser, textOf } from './limited.js';
import { StartLimits, type ToldLimits } from './start-limits.js';
import type { Steered } from './steering.js';

const CHECK_EVERY_MS = 1_000;
/** A user or a tenant that could not start for so long holds no prefetch of others. */
const HELD_BACK_AFTER_MS = 1_000;
/** Handlers that were given up have so long to end, before their user, or their tenant, starts here again. */
const SETTLE_WITHIN_MS = 5_000;
/** Below 4.3 others may have the permits at once, and start. */
const SOON_MS = 50;

export interface LimitSteeringParts {
  readonly deps: ChannelDeps;
  /** The worker's id, and its name. */
  readonly worker: { readonly id: string; readonly name: string };
  readonly scheduler: Scheduler<DeliveredTask>;
  /** Tasks that may run at a time. */
  readonly slots: number;
  readonly runner: {
    readonly free: number;
    readonly tasks: Iterable<TaskRun>;
    /** @returns when their handlers have ended */
    giveUp(runs: readonly TaskRun[], reason: Error): Promise<void>[];
  };
  /** Those that are served. */
  queues(): Iterable<ConsumedQueue>;
  /** Whether somebody has tasks here whose lane is not one of these, or had some a moment ago, or may have some in a moment. */
  hasActiveBeside(isOne: (lane: Lane<DeliveredTask>) => boolean): boolean;
  /** Keeps as little of the queue here as it can. */
  holdBack(queue: ConsumedQueue): void;
  /** Writes down what ran and was given up. */
  writeGivenUp: WriteGivenUp;
}

export interface LimitSteeringListener {
  onWarning(text: string): void;
  onFailure(error: Error): void;
}

/** Keeps the cap and the rate of each user, and of each tenant, as the policy says them. */
export class LimitSteering implements Steered {
  readonly #office: GrantOffice;
  readonly #ofUsers = new Map<string, StartLimits>();
  readonly #ofTenants = new Map<string, StartLimits>();
  #checks: NodeJS.Timeout | undefined;
  #closed = false;
  #closing: Promise<void> | undefined;
  readonly #givenUp: GivenUpRuns;

  constructor(
    private readonly parts: LimitSteeringParts,
    private readonly listener: LimitSteeringListener,
  ) {
    this.#givenUp = new GivenUpRuns(parts.worker.name, parts.deps.clock, parts.writeGivenUp);
    const ofOffice = {
      onReady: () => {
        for (const limits of this.#all()) limits.goOn();
      },
      onLeaseOver: () => this.#leaseOver(),
      onWarning: (text: string) => listener.onWarning(text),
      onFailure: (error: Error) => listener.onFailure(error),
    };
    this.#office = new GrantOffice(parts.deps, parts.worker, ofOffice, parts.slots);
  }

  /** Tasks whose permits were lost, and whose handlers had not ended when others could have them. */
  get overlaps(): number {
    return this.#givenUp.overlaps;
  }

  apply(queue: ConsumedQueue, inForce: InForce, ofTenant: InForce): undefined {
    const { lane } = queue;
    const { tenant } = lane;
    const { scheduler } = this.parts;
    this.#applyTo(this.#ofUsers, lane.user, queue, inForce, () => {
      return new LimitedUser(lane.user, scheduler, (name) => this.#ofTenants.get(name)?.goOn());
    });
    const { tenants } = scheduler;
    if (tenant === undefined || tenants === undefined) return;
    this.#applyTo(this.#ofTenants, tenant.name, queue, ofTenant, () => new LimitedTenant(tenant, tenants));
  }

  #applyTo(
    all: Map<string, StartLimits>,
    name: string,
    { lane }: ConsumedQueue,
    { cap, rate }: InForce,
    whose: () => Limited,
  ): void {
    let limits = all.get(name);
    if (cap === undefined && rate === undefined) {
      all.delete(name);
      if (limits !== undefined) this.#end(limits);
      return;
    }
    limits ??= this.#begin(whose());
    all.set(name, limits);
    limits.whose.add(lane);
    const { gate } = limits;
    limits.apply(cap?.value, rate?.value, () => this.#adopt(limits.whose, gate));
    limits.whose.setGate(limits.gate);
  }

  /** Undefined where the user has neither cap nor rate. @param isBlocked its lanes take no turns */
  told(user: string, isBlocked: boolean): ToldLimits | undefined {
    return this.#ofUsers.get(user)?.told(isBlocked);
  }

  /** The same of a tenant. */
  toldOfTenant(tenant: string, isBlocked: boolean): ToldLimits | undefined {
    return this.#ofTenants.get(tenant)?.told(isBlocked);
  }

  /** In order: what it holds is with the broker when it resolves. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#checks);
    const early = await Promise.all([...this.#all()].map((limits) => limits.close()));
    this.#office.close();
    const tokens = early.reduce((sum, count) => sum + count, 0);
    if (tokens > 0) {
      this.listener.onWarning(
        `${tokens} starts that a rate has let go were less than its time ago: other workers may start as many tasks too soon, once`,
      );
    }
  }

  *#all(): Iterable<StartLimits> {
    yield* this.#ofUsers.values();
    yield* this.#ofTenants.values();
  }

  #begin(whose: Limited): StartLimits {
    const { deps, runner, hasActiveBeside } = this.parts;
    const limits = new StartLimits(whose, {
      deps,
      office: this.#office,
      slots: runner,
      othersAreActive: () => hasActiveBeside((lane) => whose.has(lane)),
      giveUp: (gate) => this.#giveUp(gate, whose),
      onWarning: (text) => this.listener.onWarning(text),
    });
    this.#office.open();
    this.#checks ??= setInterval(() => this.#check(), CHECK_EVERY_MS);
    return limits;
  }

  #end(limits: StartLimits): void {
    limits.whose.setGate(undefined);
    limits.unset();
  }

  /** What runs already has no permit yet: it gets the first ones. @returns how many */
  #adopt(whose: Limited, gate: Gate): number {
    let count = 0;
    for (const run of this.parts.runner.tasks) {
      if (!whose.has(run.task.lane)) continue;
      run.gate = beside(run.gate, gate);
      count++;
    }
    return count;
  }

  async #giveUp(gate: Gate, whose: Limited): Promise<void> {
    const runs = [...this.parts.runner.tasks].filter((run) => hasPassed(run.gate, gate));
    if (runs.length === 0) return;
    this.listener.onWarning(
      `the permits of ${textOf(whose)} were lost with their connection; ${runs.length} tasks were told to end, and are delivered again`,
    );
    const reason = new Error('the permit of this task was lost: it is delivered again');
    const { keepsBack, lease } = this.#office;
    // After a freeze they were lost long before this worker heard of it.
    const lostAt = Math.min(this.parts.deps.clock.now(), lease.heldUntil);
    const ended = this.parts.runner.giveUp(runs, reason);
    // What ends before others may have the permits ran beside nobody.
    this.#givenUp.follow(runs, ended, lostAt + (keepsBack ? SETTLE_WITHIN_MS : SOON_MS));
    await within(SETTLE_WITHIN_MS, Promise.all(ended));
  }

  #leaseOver(): void {
    for (const limits of this.#all()) limits.drop();
    this.parts.deps.connection.drop();
  }

  #check(): void {
    if (this.#closed) return;
    const now = this.parts.deps.clock.now();
    const isHeldBack = (limits: StartLimits) => {
      limits.check(now);
      const since = limits.blockedSince;
      return since !== undefined && now - since >= HELD_BACK_AFTER_MS;
    };
    const heldBack = new Set([...this.#all()].filter(isHeldBack));
    this.#office.check();
    if (heldBack.size === 0) return;
    for (const queue of this.parts.queues()) {
      const { user, tenant } = queue.lane;
      const limits = [this.#ofUsers.get(user), tenant && this.#ofTenants.get(tenant.name)];
      const isOne = limits.some((its) => its !== undefined && heldBack.has(its));
      if (isOne && isBlocked(queue.lane)) this.parts.holdBack(queue);
    }
  }
}
