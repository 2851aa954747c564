import type { Lane, Scheduler } from '../../src/core/scheduling/scheduler.js';

export interface ScheduledTask {
  readonly lane: Lane<ScheduledTask>;
  readonly number: number;
}

/** Adds `count` tasks for a user. */
export function fill(scheduler: Scheduler<ScheduledTask>, user: string, count: number, from = 0): void {
  const lane = scheduler.lane(user);
  for (let i = 0; i < count; i++) scheduler.push(lane, { lane, number: from + i });
}

/** Takes out the next tasks, all of them unless said otherwise. */
export function take(
  scheduler: Scheduler<ScheduledTask>,
  atMost = Number.POSITIVE_INFINITY,
): ScheduledTask[] {
  const taken: ScheduledTask[] = [];
  while (taken.length < atMost) {
    const task = scheduler.next();
    if (task === undefined) break;
    taken.push(task);
  }
  return taken;
}

/** The users of the tasks, in their order, as one string. */
export function usersOf(tasks: readonly ScheduledTask[]): string {
  return tasks.map(({ lane }) => lane.user).join('');
}
