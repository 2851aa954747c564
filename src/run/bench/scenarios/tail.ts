import {
  listScheduleEnd,
  longestIdleWhileWaiting,
  type SlotOwner,
} from '../../../core/scheduling/slot-use.js';
import type { Scenario, ScenarioSettings } from '../scenario.js';
import { BY_STRATEGY, type TrialResult } from '../trial.js';
import { count, ms, tasks, workersOf } from '../words.js';

const USERS = 3;
const TASKS = 40;
const SHORTEST_MS = 100;
const LONGEST_MS = 500;
const LATE_BY_MS = 1_500;
const IDLE_AT_MOST_MS = 100;

/** Long tasks, few slots, workers that join: does a slot idle while a task waits somewhere else? */
export const tail: Scenario = {
  name: 'tail',
  summary: ({ workers, concurrency, scale }) =>
    `${tasks(TASKS)} of ${ms(SHORTEST_MS * scale)} to ${ms(LONGEST_MS * scale)} ms on ${count(workers)} ${workersOf(workers, concurrency)}, half of which come late: does a slot idle?`,
  defaults: { workers: 4, concurrency: 1 },
  cases: BY_STRATEGY,
  async script(trial, settings) {
    const { workers, scale, seed } = settings;
    const duration = { least: SHORTEST_MS * scale, most: LONGEST_MS * scale };
    await trial.publish({ users: USERS, total: TASKS, duration, seed });
    const early = earlyOf(workers);
    trial.startWorkers(early);
    await trial.workersReady();
    await trial.pass(LATE_BY_MS * scale);
    if (workers > early) trial.startWorkers(workers - early);
    await trial.workersEnd();
  },
  claims: (settings) => [
    {
      name: 'idle while a task waits',
      unit: 'ms',
      of: (trial) => longestIdleWhileWaiting(trial.events, slotOwners(trial, settings)) / 1000,
      atMost: IDLE_AT_MOST_MS,
    },
    {
      name: 'behind a list schedule',
      unit: 'ms',
      of: (trial) => Math.max(0, behindListSchedule(trial, settings)) / 1000,
      atMost: LONGEST_MS * settings.scale,
    },
  ],
};

/** Workers that are there from the start. */
function earlyOf(workers: number): number {
  return Math.ceil(workers / 2);
}

/** Workers that start together wait for each other: their slots are there when the last of them is. */
function slotOwners({ workerReports, concurrency }: TrialResult, { workers }: ScenarioSettings): SlotOwner[] {
  const numberOf = (name: string) => Number(name.replace('worker-', ''));
  const isEarly = (name: string) => numberOf(name) <= earlyOf(workers);
  const readyOf = (early: boolean) =>
    Math.max(
      ...workerReports.filter(({ name }) => isEarly(name) === early).map(({ readyAt }) => readyAt ?? 0),
    );
  return workerReports.map(({ name }) => ({ name, slots: concurrency, from: readyOf(isEarly(name)) }));
}

function behindListSchedule(trial: TrialResult, settings: ScenarioSettings): number {
  const tasks = trial.events.toSorted((a, b) => a.started - b.started);
  const durations = tasks.map(({ started, finished }) => finished - started);
  const freeFrom = slotOwners(trial, settings).flatMap(({ slots, from }) =>
    Array.from({ length: slots }, () => from),
  );
  return Math.max(...tasks.map(({ finished }) => finished)) - listScheduleEnd(durations, freeFrom);
}
