import type { RunRecord, TaskEvent } from '../../src/core/events/task-event.js';
import { RunMeasures } from '../../src/core/measures/run-measures.js';
import type { CompletionOrder, RunReport } from '../../src/core/reports/run-report.js';

/** The fixed moment; microseconds since the epoch. */
export const EPOCH = 1_700_000_000_000_000;

/** An event with everything filled in; times are given as microseconds from a fixed moment. */
export function taskEvent(
  given: Partial<TaskEvent> & { readonly id: string; readonly user: string },
): TaskEvent {
  const { enqueued = 0, started = 0, finished = started } = given;
  return {
    run: 'run',
    sequence: 0,
    attempt: 1,
    outcome: 'done',
    worker: 'worker-1',
    redelivered: false,
    hasResult: false,
    sentLate: 0,
    ...given,
    enqueued: EPOCH + enqueued,
    started: EPOCH + started,
    finished: EPOCH + finished,
  };
}

export function runRecord(
  tasks: Readonly<Record<string, number>>,
  given: Partial<RunRecord> = {},
): RunRecord {
  const { started = 0, finished = 0 } = given;
  return {
    run: 'run',
    record: 'publisher-1',
    tasks: new Map(Object.entries(tasks)),
    ...given,
    started: EPOCH + started,
    finished: EPOCH + finished,
  };
}

export interface SyntheticRun {
  readonly report: RunReport;
  readonly order: CompletionOrder;
}

/** All tasks are there at the start; one worker runs them one by one in this order, 20 µs each. */
export function runInOrder(
  users: readonly string[],
  options: { readonly published?: boolean } = {},
): SyntheticRun {
  const measures = new RunMeasures();
  const tasks = new Map<string, number>();
  for (const [i, user] of users.entries()) {
    tasks.set(user, (tasks.get(user) ?? 0) + 1);
    measures.add(taskEvent({ id: `task-${i}`, user, started: 20 * i, finished: 20 * i + 20 }));
  }
  if (options.published !== false) measures.addRecord({ ...runRecord({}), tasks });
  return { report: measures.report('run'), order: measures.completionOrder() };
}

/** One queue: all of the first user, then all of the next. */
export function inBlocks(tasks: Readonly<Record<string, number>>): string[] {
  return Object.entries(tasks).flatMap(([user, count]) => Array.from({ length: count }, () => user));
}

/** A perfect round robin: a task of each user that has one left, again and again. */
export function roundRobin(tasks: Readonly<Record<string, number>>): string[] {
  const left = new Map(Object.entries(tasks));
  const order: string[] = [];
  while (left.size > 0) {
    for (const [user, count] of left) {
      order.push(user);
      if (count > 1) left.set(user, count - 1);
      else left.delete(user);
    }
  }
  return order;
}
