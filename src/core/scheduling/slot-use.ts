/** When something was so: `from` up to, not including, `to`; microseconds. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** A task as it went through a worker; microseconds. */
export interface Passage {
  readonly worker: string;
  readonly enqueued: number;
  readonly started: number;
  readonly finished: number;
}

export interface SlotOwner {
  readonly name: string;
  readonly slots: number;
  /** From when on its slots could run tasks; microseconds. */
  readonly from: number;
}

/**
 * The longest time, in microseconds, through which some worker had a free slot while a task waited,
 * wherever it waited: 0 for a scheduler that wastes nothing.
 */
export function longestIdleWhileWaiting(tasks: readonly Passage[], workers: readonly SlotOwner[]): number {
  const waiting = union(tasks.map(({ enqueued, started }) => ({ from: enqueued, to: started })));
  let longest = 0;
  for (const worker of workers) {
    const own = tasks.filter((task) => task.worker === worker.name);
    for (const idle of idleIntervals(own, worker)) {
      for (const wait of waiting) {
        longest = Math.max(longest, Math.min(idle.to, wait.to) - Math.max(idle.from, wait.from));
      }
    }
  }
  return longest;
}

/** When fewer tasks ran at the worker than it has slots; it goes on for ever after its last task. */
function idleIntervals(tasks: readonly Passage[], { slots, from }: SlotOwner): Interval[] {
  const changes = tasks
    .flatMap(({ started, finished }) => [
      { at: started, by: 1 },
      { at: finished, by: -1 },
    ])
    .sort((a, b) => a.at - b.at || a.by - b.by);
  const idle: Interval[] = [];
  let running = 0;
  let since: number | undefined = from;
  for (const { at, by } of changes) {
    running += by;
    if (running >= slots && since !== undefined) {
      if (at > since) idle.push({ from: since, to: at });
      since = undefined;
    } else if (running < slots) since ??= at;
  }
  if (since !== undefined) idle.push({ from: since, to: Number.POSITIVE_INFINITY });
  return idle;
}

/** The same times, without overlaps. */
function union(intervals: readonly Interval[]): Interval[] {
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of [...intervals].sort((a, b) => a.from - b.from)) {
    if (to <= from) continue;
    const last = merged.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged;
}

/**
 * When the last task would end if each, in this order, went to the slot that is free first (list
 * scheduling: Graham, "Bounds on Multiprocessing Timing Anomalies", 1969).
 *
 * @param durations of the tasks
 * @param freeFrom when each slot is free for the first time; the same unit
 */
export function listScheduleEnd(durations: readonly number[], freeFrom: readonly number[]): number {
  const free = [...freeFrom];
  for (const duration of durations) {
    let first = 0;
    for (let i = 1; i < free.length; i++) if (free[i]! < free[first]!) first = i;
    free[first]! += duration;
  }
  return Math.max(...free);
}
