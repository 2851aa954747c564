import type { QueueCounts } from '../../broker/queues/queue-remover.js';
import type { Policy } from '../../core/policy/policy.js';
import { type Names, userQueueOf } from '../../core/queues/names.js';
import type { TopShared, TopTenant, TopUser, TopWorker } from '../../core/top/top-sample.js';
import { steeringOf } from '../../core/top/top-steering.js';
import { round3 } from '../../core/values/round.js';
import type { FailedLately } from './failed-lately.js';
import type { Look, LookingOn } from './looking-on.js';
import { NO_TASKS, type RunningTasks, type TasksOfUser, type TasksOfWorker } from './running-tasks.js';
import type { UserFigures } from './user-figures.js';
import type { SilentWorker, WorkersHeard } from './workers-heard.js';

export interface OverviewDeps {
  readonly names: Names;
  readonly looking: LookingOn;
  readonly running: RunningTasks;
  readonly failed: FailedLately;
  /** Whom users belong to; undefined where nobody has said so. */
  readonly tenantOf?: ((user: string) => string) | undefined;
  readonly heard: Pick<WorkersHeard, 'silent'>;
  /** As it is followed. */
  readonly policy: () => Policy;
  readonly epochMs: () => number;
}

/** How old the figures of a document are. */
export interface Age {
  readonly at: string;
  readonly listedSecondsAgo: number | null;
  /** The same of the oldest tasks, which the broker lists by themselves. */
  readonly oldestListedSecondsAgo: number | null;
  readonly failedWithinSeconds: number;
  /** All workers have been heard that there are. */
  readonly workersKnown: boolean;
}

export interface AllUsers {
  readonly age: Age;
  readonly users: readonly UserFigures[];
  /** Null where no queue is known that light users share. */
  readonly shared: TopShared | null;
  /** By user; undefined where not all workers have said it. */
  readonly atAllWorkers: ReadonlyMap<string, TasksOfUser> | undefined;
  /** By the id of each worker that has said it. */
  readonly atWorkers: ReadonlyMap<string, TasksOfWorker>;
}

/** Null for what the worker has not said. */
export interface WorkerFigures extends TopWorker {
  readonly running: number | null;
  readonly prefetched: number | null;
}

export interface AllWorkers {
  readonly age: Age;
  readonly workers: readonly WorkerFigures[];
  readonly silent: readonly SilentWorker[];
  readonly perSecond: number;
  /** The newest; null where it cannot be read. */
  readonly policyRevision: number | null;
}

interface Made {
  readonly look: Look;
  readonly all: Promise<AllUsers>;
}

/** How users and workers fare now. */
export class Overview {
  /** For everybody who asks by the same look. */
  #made: Made | undefined;

  constructor(private readonly deps: OverviewDeps) {}

  /** @throws Problem 503 */
  async users(): Promise<AllUsers> {
    return (await this.#now()).all;
  }

  /**
   * One of them, with what the queue itself says now.
   *
   * @returns undefined for a user whom nobody has heard of, and for whom nothing is set by name
   * @throws Problem 503
   */
  async user(user: string): Promise<{ readonly age: Age; readonly figures: UserFigures } | undefined> {
    const [all, counts] = await Promise.all([
      this.users(),
      this.deps.looking.counts(userQueueOf(this.deps.names, user)),
    ]);
    const listed = all.users.find((figures) => figures.user === user);
    if (listed === undefined && counts === undefined && !this.#isNamed(user)) return undefined;
    return { age: all.age, figures: withQueue(listed ?? this.#nothingOf(user, all), counts, all) };
  }

  /** Of whoever asks, whom nobody need have heard of. @throws Problem 503 */
  async own(user: string): Promise<{ readonly age: Age; readonly figures: UserFigures }> {
    const found = await this.user(user);
    if (found !== undefined) return found;
    const all = await this.users();
    return { age: all.age, figures: withQueue(this.#nothingOf(user, all), undefined, all) };
  }

  /** @throws Problem 503 */
  async workers(): Promise<AllWorkers> {
    const { look, all } = await this.#now();
    const { atWorkers } = await all;
    const { workers, perSecond, policyRevision } = look.sample;
    const figuresOf = (worker: TopWorker): WorkerFigures => {
      const { running = null, prefetched = null } = atWorkers.get(worker.id) ?? {};
      return { ...worker, running, prefetched };
    };
    const heard = new Set(workers.map(({ id }) => id));
    return {
      age: this.#ageOf(look),
      workers: workers.map(figuresOf),
      silent: this.deps.heard.silent.filter(({ id }) => !heard.has(id)),
      perSecond,
      policyRevision,
    };
  }

  async #now(): Promise<Made> {
    const look = await this.deps.looking.look();
    if (this.#made?.look !== look) this.#made = { look, all: this.#allOf(look) };
    return this.#made;
  }

  /** The users of each tenant together; undefined where nobody has said whom they belong to. @throws Problem 503 */
  async tenants(): Promise<{ readonly age: Age; readonly tenants: readonly TopTenant[] } | undefined> {
    const look = await this.deps.looking.look();
    const { tenants } = look.sample;
    return tenants && { age: this.#ageOf(look), tenants };
  }

  async #allOf(look: Look): Promise<AllUsers> {
    const { failed } = this.deps;
    const { byUser: atAllWorkers, byWorker } = await this.deps.running.count();
    const { shared } = look.sample;
    const known = { atAllWorkers, shared };
    const counts = failed.counts();
    const tenantOf = (user: string) => this.deps.tenantOf?.(user) ?? null;
    const figuresOf = (top: TopUser): UserFigures => ({
      user: top.user,
      tenant: tenantOf(top.user),
      weight: top.weight,
      backlog: top.backlog,
      shares: top.shares,
      // All workers together have said more than each of them tells of its light users.
      atWorkers: top.shares ? (tasksOf(top.user, known)?.prefetched ?? top.atWorkers) : null,
      running: tasksOf(top.user, known)?.running ?? null,
      cap: top.cap,
      capWhenBusy: top.capWhenBusy,
      rate: top.rate,
      paused: top.paused,
      unacknowledged: top.unacknowledged,
      perSecond: round3(top.perSecond),
      share: top.share === null ? null : round3(top.share),
      fairShare: top.fairShare === null ? null : round3(top.fairShare),
      oldestWaitSeconds: secondsOf(oldestWaitMs(top, look)),
      lastWaitSeconds: secondsOf(top.waitMs),
      failedLately: counts.get(top.user) ?? 0,
      unserved: top.unserved,
    });
    const listed = look.sample.users.map(figuresOf);
    const isListed = new Set(listed.map(({ user }) => user));
    // They share queues, or their queues have gone, or have not been listed yet.
    const others = new Set([...atWork(known), ...counts.keys()].filter((user) => !isListed.has(user)));
    const unlisted = [...others].map((user) => ({
      ...this.#nothingOf(user, known),
      failedLately: counts.get(user) ?? 0,
    }));
    return {
      age: this.#ageOf(look),
      users: [...listed, ...unlisted],
      ...known,
      atWorkers: byWorker,
    };
  }

  /** What is known of a user of whom nothing is listed, and nothing ended lately. */
  #nothingOf(user: string, known: Known): UserFigures {
    const tasks = tasksOf(user, known);
    const shares = known.shared !== null;
    const { policy, epochMs, tenantOf } = this.deps;
    return {
      user,
      shares,
      atWorkers: shares ? (tasks?.prefetched ?? null) : null,
      tenant: tenantOf?.(user) ?? null,
      weight: null,
      backlog: null,
      ...steeringOf(policy().forUser(user, epochMs()), tasks?.running ?? null),
      unacknowledged: null,
      perSecond: 0,
      share: null,
      fairShare: null,
      oldestWaitSeconds: null,
      lastWaitSeconds: null,
      failedLately: 0,
      unserved: false,
    };
  }

  #isNamed(user: string): boolean {
    const { policy, epochMs } = this.deps;
    return policy().isNamed({ of: 'user', name: user }, epochMs());
  }

  #ageOf({ sample, oldestListedSecondsAgo }: Look): Age {
    return {
      at: sample.at,
      listedSecondsAgo: sample.listedSecondsAgo === null ? null : round3(sample.listedSecondsAgo),
      oldestListedSecondsAgo: oldestListedSecondsAgo === null ? null : round3(oldestListedSecondsAgo),
      failedWithinSeconds: this.deps.failed.withinSeconds,
      workersKnown: sample.workersKnown,
    };
  }
}

type Known = Pick<AllUsers, 'atAllWorkers' | 'shared'>;

/** Undefined where not all workers have said it. */
function tasksOf(user: string, { atAllWorkers }: Known): TasksOfUser | undefined {
  return atAllWorkers && (atAllWorkers.get(user) ?? NO_TASKS);
}

/** Users of whom tasks run, and where some share queues those of whom tasks wait at workers. */
function* atWork({ atAllWorkers, shared }: Known): Iterable<string> {
  for (const [user, { running }] of atAllWorkers ?? []) if (running > 0 || shared !== null) yield user;
}

function oldestWaitMs({ user, shares, backlog, oldestAtWorkersMs }: TopUser, look: Look): number | null {
  if (shares) return oldestAtWorkersMs;
  return backlog ? look.oldestWaitMs(user) : null;
}

/** @param counts of the user's own queue; undefined where it has none */
function withQueue(figures: UserFigures, counts: QueueCounts | undefined, known: Known): UserFigures {
  if (counts !== undefined) return { ...figures, backlog: counts.ready, shares: false, atWorkers: null };
  if (known.shared === null) return { ...figures, backlog: 0, shares: false, atWorkers: null };
  const atWorkers = figures.atWorkers ?? tasksOf(figures.user, known)?.prefetched ?? null;
  return { ...figures, backlog: null, shares: true, atWorkers };
}

function secondsOf(ms: number | null): number | null {
  return ms === null ? null : round3(ms / 1_000);
}
