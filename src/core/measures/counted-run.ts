import type { PublishedTasks } from '../events/published-tasks.js';
import { FAILED, RETRYING, SUPERSEDED } from '../events/task-table.js';
import { compareNatural } from '../values/natural-order.js';
import { orderByTime } from '../values/order-by-time.js';
import { type PartOfRun, type TimeWindow, windowOf } from '../values/window-of-time.js';
import { type CollectedRun, indexIn } from './collected-run.js';
import { executionsIn } from './executions.js';
import type { Service } from './fair-share.js';
import { type RunningAtOnce, runningAtOnce } from './running-at-once.js';
import { type Completions, outstandingByUser } from './user-reports.js';

/** What a report is made from. */
export interface CountedRun {
  readonly completions: Completions;
  readonly startOrder: Uint32Array;
  readonly service: Service;
  readonly window: TimeWindow;
  /** Null: of a part of a run nobody has said what was to run in it. */
  readonly published: PublishedTasks | null;
  /** The most attempts that ran at once, of each user and of all. */
  readonly atOnce: RunningAtOnce;
}

/** What counts, in the order of completion, with the users in the order of their names. */
export function countRun(run: CollectedRun, part: PartOfRun): CountedRun {
  const published = part.since === undefined && part.until === undefined ? run.published : null;
  for (const user of run.published.users) indexIn(run.userIndex, user);
  const names = [...run.userIndex.keys()].sort(compareNatural);
  const rank = new Uint32Array(names.length);
  for (const [i, name] of names.entries()) rank[run.userIndex.get(name)!] = i;

  const { tasks } = run;
  const window = windowOf(part, run.firstStart);
  const later: { users: number[]; times: number[] } = { users: [], times: [] };
  const most = tasks.size - run.superseded - run.retrying;
  const users = new Uint32Array(most);
  const enqueued = new Float64Array(most);
  const started = new Float64Array(most);
  const sentLate = new Float64Array(most);
  let to = 0;
  const failed = new Uint32Array(names.length);
  const retries = new Uint32Array(names.length);
  const retrying = new Uint32Array(names.length);
  for (let row = 0; row < tasks.size; row++) {
    const state = tasks.states[row]!;
    const startedAt = tasks.started[row]!;
    const user = rank[tasks.users[row]!]!;
    const isIn = startedAt >= window.from && startedAt < window.to;
    if (state === SUPERSEDED || state === RETRYING) {
      if (isIn) retries[user]!++;
      if (state === RETRYING) retrying[user]!++;
      continue;
    }
    if (!isIn) {
      if (startedAt >= window.to && tasks.enqueued[row]! < window.to) {
        later.users.push(user);
        later.times.push(tasks.enqueued[row]!);
      }
      continue;
    }
    if (state === FAILED) failed[user]!++;
    users[to] = user;
    enqueued[to] = tasks.enqueued[row]!;
    started[to] = tasks.started[row]!;
    sentLate[to] = tasks.sentLate[row]!;
    to++;
  }
  const completions = {
    names,
    users: users.subarray(0, to),
    enqueued: enqueued.subarray(0, to),
    started: started.subarray(0, to),
    sentLate: sentLate.subarray(0, to),
    failed,
    retries,
    retrying,
  };
  const startOrder = orderByTime(completions.started);
  const service = serviceOf(completions, startOrder, later, published);
  const atOnce = runningAtOnce(executionsIn(run, rank, window), names.length);
  return { completions, startOrder, service, window, published, atOnce };
}

/**
 * Tasks that were published and have not ended count as waiting from when the last of that user had
 * been sent: without them a user that is not served at all would not be seen to lag.
 *
 * @param later tasks that were there in the part of the run that is measured, and started after it
 */
function serviceOf(
  completions: Completions,
  startOrder: Uint32Array,
  later: { readonly users: readonly number[]; readonly times: readonly number[] },
  published: PublishedTasks | null,
): Service {
  const { names, users, enqueued, started } = completions;
  const missing = outstandingByUser(completions, published);
  // Nobody waits where nobody has said what was published.
  const waiting = [...names.entries()].filter(([user]) => (missing[user] ?? 0) > 0);
  const completed = users.length;
  const size = completed + waiting.length + later.users.length;
  const arrivals = {
    users: new Uint32Array(size),
    times: new Float64Array(size),
    tasks: new Uint32Array(size).fill(1),
  };
  arrivals.users.set(users);
  arrivals.users.set(later.users, completed + waiting.length);
  arrivals.times.set(later.times, completed + waiting.length);
  // A clock may say that a task started before it was sent.
  for (let i = 0; i < completed; i++) arrivals.times[i] = Math.min(enqueued[i]!, started[i]!);
  for (const [i, [user, name]] of waiting.entries()) {
    arrivals.users[completed + i] = user;
    arrivals.times[completed + i] = published!.sentBy(name);
    arrivals.tasks[completed + i] = missing[user] ?? 0;
  }
  const starts = {
    users: startOrder.map((i) => users[i]!),
    times: Float64Array.from(startOrder, (i) => started[i]!),
  };
  return { users: names, starts, arrivals };
}
