import type { TaskEvent } from '../events/task-event.js';
import type { InForce } from '../policy/policy.js';
import type { KnownOfLight } from './top-light.js';
import type { TopQueue, TopUser } from './top-sample.js';
import { steeringOf } from './top-steering.js';

const SECONDS = 5;

interface Second {
  readonly at: number;
  readonly users: Map<string, number>;
  readonly workers: Map<string, number>;
}

/** What ended in the last seconds, of whom and at whom. */
export class TopWindow {
  #seconds: Second[] = [];
  #since: number | undefined;
  readonly #waits = new Map<string, number>();

  /** @param rowOf what a user counts under: itself, or its group */
  constructor(private readonly rowOf: (user: string) => string = (user) => user) {}

  /** @param now milliseconds; it only grows */
  add(events: readonly TaskEvent[], now: number): void {
    this.#since ??= now;
    const at = Math.floor(now / 1_000);
    let second = this.#seconds.at(-1);
    if (second?.at !== at) {
      second = { at, users: new Map(), workers: new Map() };
      this.#seconds.push(second);
      this.#forget(at);
    }
    for (const { user: whose, worker, enqueued, started } of events) {
      const user = this.rowOf(whose);
      second.users.set(user, (second.users.get(user) ?? 0) + 1);
      second.workers.set(worker, (second.workers.get(worker) ?? 0) + 1);
      this.#waits.set(user, Math.max(0, started - enqueued) / 1_000);
    }
  }

  /** Begins to count; what comes before is not known. */
  begin(now: number): void {
    this.#since ??= now;
  }

  /** Attempts a second, by user and by worker. */
  rates(now: number): { users: Map<string, number>; workers: Map<string, number> } {
    this.#forget(Math.floor(now / 1_000));
    const seconds = Math.max(1, Math.min(SECONDS, (now - (this.#since ?? now)) / 1_000));
    const users = new Map<string, number>();
    const workers = new Map<string, number>();
    for (const second of this.#seconds) {
      for (const [name, count] of second.users) users.set(name, (users.get(name) ?? 0) + count / seconds);
      for (const [name, count] of second.workers)
        workers.set(name, (workers.get(name) ?? 0) + count / seconds);
    }
    for (const user of this.#waits.keys()) if (!users.has(user)) this.#waits.delete(user);
    return { users, workers };
  }

  /** Whether something of it ended in the last seconds, by what was asked last. */
  hasEnded(user: string): boolean {
    return this.#waits.has(user);
  }

  waitMs(user: string): number | null {
    return this.#waits.get(user) ?? null;
  }

  #forget(now: number): void {
    this.#seconds = this.#seconds.filter(({ at }) => at > now - SECONDS);
  }
}

/** What is known of users that share queues. */
export interface LightFacts {
  /** Of whom workers have told. */
  readonly rows: Iterable<string>;
  readonly of: (row: string) => KnownOfLight | undefined;
  /** Queues have been listed: who has none of its own shares. */
  readonly isListed: boolean;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

export interface TopFacts {
  /** Undefined where it is not known what waits. */
  readonly queues: readonly TopQueue[] | undefined;
  /** Users with a queue, of old. */
  readonly listedUsers: Iterable<string>;
  /** Undefined where no queue is known that light users share. */
  readonly light?: LightFacts | undefined;
  readonly rates: ReadonlyMap<string, number>;
  /** Where operators have set none. */
  readonly weightOf: (user: string) => number;
  readonly inForce: (user: string) => InForce;
  /** Tasks that run, by user; undefined where that is not known. */
  readonly running: ReadonlyMap<string, number> | undefined;
  readonly waitMs: (user: string) => number | null;
  /** Whether a worker that is heard serves the queue of a user; undefined where not all may have been heard. */
  readonly isServed: (user: string) => boolean | undefined;
}

/** Users with their rates, backlogs and shares; those with neither are in it too. */
export function topUsers(facts: TopFacts): TopUser[] {
  const { queues, listedUsers, light, rates, waitMs, isServed, inForce, running } = facts;
  const byUser = new Map((queues ?? []).map((queue) => [queue.user, queue]));
  const withQueue = new Set([...listedUsers, ...byUser.keys()]);
  const told = new Set(light?.rows);
  const names = new Set([...withQueue, ...rates.keys(), ...told]);
  const shares = (user: string) => !withQueue.has(user) && (light?.isListed === true || told.has(user));
  const total = [...rates.values()].reduce((sum, rate) => sum + rate, 0);
  const set = new Map([...names].map((user) => [user, inForce(user)]));
  const weightOf = (user: string) => set.get(user)?.weight?.value ?? facts.weightOf(user);
  // What waits of a paused user asks for nothing.
  const asks = (user: string) => (byUser.get(user)?.ready ?? 0) > 0 && set.get(user)?.paused === undefined;
  let weights = 0;
  let asked = 0;
  for (const user of names) {
    if (asks(user)) weights += weightOf(user);
    else asked += rates.get(user) ?? 0;
  }
  const fairShareOf = (user: string, share: number | null) => {
    if (share === null || queues === undefined || shares(user)) return null;
    if (!asks(user)) return share;
    return ((total - asked) / total) * (weightOf(user) / weights);
  };
  return [...names].map((user) => {
    const queue = byUser.get(user);
    const perSecond = rates.get(user) ?? 0;
    const share = total === 0 ? null : perSecond / total;
    const waits = (queue?.ready ?? 0) > 0;
    const known = shares(user) ? light?.of(user) : undefined;
    const oldest = known?.oldest;
    return {
      user,
      weight: weightOf(user),
      backlog: queue?.ready ?? null,
      shares: shares(user),
      atWorkers: known?.tasks ?? null,
      oldestAtWorkersMs: oldest === undefined ? null : Math.max(0, light!.nowMs - oldest / 1_000),
      unacknowledged: queue?.unacknowledged ?? null,
      consumers: queue?.consumers ?? null,
      unserved: waits && perSecond === 0 && queue?.consumers === 0 && isServed(user) === false,
      perSecond,
      share,
      fairShare: fairShareOf(user, share),
      waitMs: waitMs(user),
      ...steeringOf(set.get(user)!, running === undefined ? null : (running.get(user) ?? 0)),
    };
  });
}
