import type { InForce } from '../../../core/policy/policy.js';
import { encodeText } from '../../../core/queues/names.js';
import type { Gate } from '../../../core/scheduling/gate.js';
import type { Scheduler } from '../../../core/scheduling/scheduler.js';
import type { ConsumedQueue } from '../intake/consumed-queue.js';
import type { TaskRun } from '../slots/task-run.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import type { ChannelDeps } from '../worker-contract.js';
import { GrantOffice } from './grant-office.js';
import type { Steered } from './steering.js';
import { type ToldLimits, UserLimits } from './user-limits.js';

const CHECK_EVERY_MS = 1_000;
/** A user that could not start for so long holds no prefetch of others. */
const HELD_BACK_AFTER_MS = 1_000;
/** Handlers that were given up have so long to end, before their user starts here again. */
const SETTLE_WITHIN_MS = 5_000;
const SOON_MS = 50;

export interface LimitSteeringParts {
  readonly deps: ChannelDeps;
  /** The worker's id, and its name. */
  readonly worker: { readonly id: string; readonly name: string };
  readonly scheduler: Scheduler<DeliveredTask>;
  readonly runner: {
    readonly free: number;
    readonly tasks: Iterable<TaskRun>;
    /** @returns when their handlers have ended */
    giveUp(runs: readonly TaskRun[], reason: Error): Promise<void>[];
  };
  /** Keeps as little of the queue here as it can. */
  holdBack(queue: ConsumedQueue): void;
}

export interface LimitSteeringListener {
  onWarning(text: string): void;
  onFailure(error: Error): void;
}

/** Keeps each user's cap and rate, as the policy says them. */
export class LimitSteering implements Steered {
  readonly #office: GrantOffice;
  readonly #byUser = new Map<string, UserLimits>();
  readonly #queues = new Map<string, Set<ConsumedQueue>>();
  #checks: NodeJS.Timeout | undefined;
  #closed = false;
  #closing: Promise<void> | undefined;
  /** Tasks whose permits were lost, and whose handlers had not ended when others could have them. */
  overlaps = 0;

  constructor(
    private readonly parts: LimitSteeringParts,
    private readonly listener: LimitSteeringListener,
  ) {
    this.#office = new GrantOffice(parts.deps, parts.worker, {
      onReady: () => {
        for (const limits of this.#byUser.values()) limits.goOn();
      },
      onLeaseOver: () => this.#leaseOver(),
      onFailure: (error) => listener.onFailure(error),
    });
  }

  apply(queue: ConsumedQueue, { cap, rate }: InForce): undefined {
    const { lane } = queue;
    const { user } = lane;
    let limits = this.#byUser.get(user);
    if (cap === undefined && rate === undefined) {
      if (limits !== undefined) this.#end(user, limits);
      return;
    }
    limits ??= this.#begin(user);
    limits.add(lane);
    const queues = this.#queues.get(user) ?? new Set();
    this.#queues.set(user, queues.add(queue));
    const { gate } = limits;
    limits.apply(cap?.value, rate?.value, () => this.#adopt(user, gate));
    this.parts.scheduler.setGate(lane, limits.gate);
  }

  /** Undefined where the user has neither cap nor rate. @param isBlocked its lanes take no turns */
  told(user: string, isBlocked: boolean): ToldLimits | undefined {
    return this.#byUser.get(user)?.told(isBlocked);
  }

  /** In order: what it holds is with the broker when it resolves. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#checks);
    const early = await Promise.all([...this.#byUser.values()].map((limits) => limits.close()));
    this.#office.close();
    const tokens = early.reduce((sum, count) => sum + count, 0);
    if (tokens > 0) {
      this.listener.onWarning(
        `${tokens} starts had their tokens for less than their time: others may start as many too soon, once`,
      );
    }
  }

  #begin(user: string): UserLimits {
    const { deps, scheduler, runner } = this.parts;
    const { permitQueuePrefix, tokenQueuePrefix } = deps.names;
    const queues = {
      permits: permitQueuePrefix + encodeText(user),
      tokens: tokenQueuePrefix + encodeText(user),
    };
    const limits = new UserLimits(user, queues, {
      deps,
      office: this.#office,
      scheduler,
      slots: runner,
      giveUp: (gate) => this.#giveUp(gate, user),
      onWarning: (text) => this.listener.onWarning(text),
    });
    this.#byUser.set(user, limits);
    this.#office.open();
    this.#checks ??= setInterval(() => this.#check(), CHECK_EVERY_MS);
    return limits;
  }

  #end(user: string, limits: UserLimits): void {
    this.#byUser.delete(user);
    this.#queues.delete(user);
    for (const lane of limits.lanes) this.parts.scheduler.setGate(lane, undefined);
    limits.close().catch((error) => {
      if (!this.#closed) this.listener.onFailure(error); // else the connection is being closed
    });
  }

  /** What runs already has no permit yet: it gets the first ones. @returns how many */
  #adopt(user: string, gate: Gate): number {
    let count = 0;
    for (const run of this.parts.runner.tasks) {
      if (run.task.lane.user !== user || run.gate !== undefined) continue;
      run.gate = gate;
      count++;
    }
    return count;
  }

  async #giveUp(gate: Gate, user: string): Promise<void> {
    const runs = [...this.parts.runner.tasks].filter(
      (run) => run.gate === gate || run.gate?.has?.(gate) === true,
    );
    if (runs.length === 0) return;
    this.listener.onWarning(
      `the permits of user ${JSON.stringify(user)} were lost with their connection; ${runs.length} tasks were told to end, and are delivered again`,
    );
    const reason = new Error('the permit of this task was lost: it is delivered again');
    let left = runs.length;
    const ended = this.parts.runner.giveUp(runs, reason).map((one) =>
      one.then(() => {
        left--;
      }),
    );
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, SETTLE_WITHIN_MS);
    });
    // What ends before others may have the permits ran beside nobody.
    const count = () => {
      this.overlaps += left;
    };
    setTimeout(count, this.#office.keepsBack ? SETTLE_WITHIN_MS : SOON_MS).unref();
    await Promise.race([Promise.all(ended), patience]);
    clearTimeout(timer);
  }

  #leaseOver(): void {
    for (const limits of this.#byUser.values()) limits.drop();
    this.parts.deps.connection.drop();
  }

  #check(): void {
    if (this.#closed) return;
    const now = this.parts.deps.clock.now();
    for (const [user, limits] of this.#byUser) {
      limits.check(now);
      const since = limits.blockedSince;
      if (since === undefined || now - since < HELD_BACK_AFTER_MS) continue;
      for (const queue of this.#queues.get(user) ?? []) if (queue.lane.blocked) this.parts.holdBack(queue);
    }
  }
}
