import type { Facts, WorkerFacts } from './facts.js';
import type { TasksAt } from './reason.js';
import type { ToldLane } from './told.js';

/** Where the tasks are. */
export interface Counts {
  readonly running: number;
  /** In the queue, or prefetched: a slot is all that they need. */
  readonly startable: number;
  readonly ready: number;
  readonly prefetched: number;
  readonly heldBack: number;
  readonly retrying: number;
  /** At workers that do not answer, running or prefetched; the broker's figure is up to 5 s old. */
  readonly atSilent: number;
  /** All that do not run. */
  readonly waiting: number;
}

export function countsOf({ queue, workers = [], silent, tenantReady }: Facts): Counts {
  const sum = (count: (lane: ToldLane) => number) =>
    workers.reduce((total, { lane }) => total + (lane === undefined ? 0 : count(lane)), 0);
  const ofTenants = (count: 'running' | 'prefetched') =>
    workers.reduce((total, { tenant }) => total + (tenant?.[count] ?? 0), 0);
  const running = sum((lane) => lane.running) + ofTenants('running');
  const prefetched = sum((lane) => lane.prefetched) + ofTenants('prefetched');
  const heldBack = sum((lane) => lane.heldBack);
  const retrying = sum((lane) => lane.retrying);
  const ready = queue?.ready ?? tenantReady ?? 0;
  const known = running + prefetched + heldBack;
  const atSilent = silent.length === 0 ? 0 : Math.max(0, (queue?.unacknowledged ?? 0) - known);
  const startable = ready + prefetched;
  const waiting = startable + heldBack + retrying + atSilent;
  return { running, startable, ready, prefetched, heldBack, retrying, atSilent, waiting };
}

/** Workers that serve it, by their own word. */
export function serving({ workers = [] }: Facts): WorkerFacts[] {
  return workers.filter(({ serves, lane }) => serves || lane !== undefined);
}

/** Those of the workers at which there are some, and how many. */
export function tasksAt(
  workers: readonly WorkerFacts[],
  count: (worker: WorkerFacts) => number | undefined,
): TasksAt[] {
  return workers.flatMap((worker) => {
    const tasks = count(worker) ?? 0;
    return tasks > 0 ? [{ worker: worker.name, tasks }] : [];
  });
}

export function freeSlots(workers: readonly WorkerFacts[]): number {
  return workers.reduce((sum, { slots, busy }) => sum + Math.max(0, slots - busy), 0);
}
