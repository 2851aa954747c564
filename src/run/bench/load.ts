import { CLASSIC } from '../../broker/queues/topology.js';
import type { DurationRange } from '../../core/values/quantities.js';
import type { Places } from '../publish/places.js';
import type { PublishPlan } from '../publish/publish-plan.js';

/** What one publisher of a bench sends: one user's tasks, or those of many. No duration: no-op tasks. */
export type Load = Whose & {
  readonly duration?: DurationRange;
  /** Tasks a second, evenly; as fast as it goes if not given. */
  readonly rate?: number;
  readonly seed?: number;
  /** For strategy `priority`; 0 if not given. */
  readonly priority?: number;
};

type Whose =
  | { readonly user: string; readonly count: number }
  | { readonly users: number; readonly count: number }
  | { readonly users: number; readonly total: number };

/** A sleep of some user, or a no-op where it takes no time, due so long after the start; in the order in which they are due. */
export interface ScheduledTask {
  readonly user: string;
  readonly dueMs: number;
  readonly durationMs: number;
}
export type Schedule = readonly ScheduledTask[];

export function planOf(schedule: Schedule, places: Places): Omit<PublishPlan, 'run' | 'shared'> {
  const types = new Set(schedule.map(typeOf));
  return {
    total: schedule.length,
    users: [...new Set(schedule.map(({ user }) => user))],
    pacing: { dueAt: (index) => schedule[index]?.dueMs ?? 0 },
    queueKind: CLASSIC,
    common: types.size === 1 ? { type: [...types][0]! } : {},
    async *batches() {
      yield schedule.map((task) => {
        const type = typeOf(task);
        const payload = Buffer.from(JSON.stringify({ durationMs: task.durationMs }));
        return { ...places.of(type, task.user), type, contentType: 'application/json', payload };
      });
    },
  };
}

function typeOf({ durationMs }: ScheduledTask): string {
  return durationMs === 0 ? 'noop' : 'sleep';
}

/** So many tasks of each user, all users at the same moments, evenly. */
export function paced(
  users: readonly string[],
  count: number,
  perSecond: number,
  durationMs: number,
): Schedule {
  return Array.from({ length: count }, (_, i) => i).flatMap((i) =>
    users.map((user) => ({ user, dueMs: (i * 1_000) / perSecond, durationMs })),
  );
}

/** A task that always takes so many milliseconds. */
export function fixedDuration(ms: number): DurationRange {
  return { least: ms, most: ms };
}

/** The same as a command line of `fairq publish`. */
export function publishFlags(load: Load): string[] {
  const flags: string[] = [];
  if ('user' in load) flags.push('--user', load.user);
  else flags.push('--users', `${load.users}`);
  if ('total' in load) flags.push('--total', `${load.total}`);
  else flags.push('--count', `${load.count}`);
  const { duration, rate, seed } = load;
  if (duration !== undefined) flags.push('--duration', `${duration.least}ms..${duration.most}ms`);
  if (rate !== undefined) flags.push('--rate', `${rate}/s`);
  if (seed !== undefined) flags.push('--seed', `${seed}`);
  return flags;
}

/** Whose they are. */
export function usersOf(load: Load): string[] {
  return 'user' in load ? [load.user] : Array.from({ length: load.users }, (_, i) => `user-${i + 1}`);
}

/** How many tasks that is. */
export function tasksOf(load: Load): number {
  if ('total' in load) return load.total;
  return 'users' in load ? load.users * load.count : load.count;
}

/** `30,000 tasks of user A`, `30 tasks for each of 1000 users` */
export function describeLoad(load: Load): string {
  const count = ('total' in load ? load.total : load.count).toLocaleString('en-US');
  if ('user' in load) return `${count} tasks of user ${load.user}`;
  return `${count} tasks ${'total' in load ? 'over all' : 'for each'} of ${load.users} users`;
}
