import type { TaskEvent } from '../../../core/events/task-event.js';
import { meanRunMs } from '../bench-measures.js';
import type { Schedule } from '../load.js';
import type { Scenario, ScenarioSettings } from '../scenario.js';
import { ms } from '../words.js';

const A = { users: 30, tasks: 8 };
const B = { users: 3, tasks: 10 };
const TASK_MS = 150;
const BY_USER = 'fair, by user';
const BY_TENANT = 'fair, by tenant';
const NEAR = 0.1;

/** One who poses as many: against that a queue for each user does not help, and turns of tenants do. */
export const sybil: Scenario = {
  name: 'sybil',
  summary: ({ scale }) =>
    `A poses as ${A.users} users of ${A.tasks} tasks of ${ms(TASK_MS * scale)} each, B has ${B.users} users of ${B.tasks}: how long does B wait, by user and by tenant?`,
  defaults: { workers: 1, concurrency: 5 },
  cases: [
    { strategy: 'fifo' },
    { strategy: 'fair', variant: BY_USER },
    { strategy: 'fair', variant: BY_TENANT, workerFlags: ['--tenant-of', 'prefix:/'] },
  ],
  async script(trial, settings) {
    await trial.publishSchedule(load(settings));
    await trial.workToTheEnd();
  },
  claims: (settings) => {
    const slots = settings.workers * settings.concurrency;
    return [
      { name: "B's mean wait", unit: 'ms', of: ({ events }) => meanWaitMs(events, isOfB) },
      { name: 'the ideal, with tasks as long', unit: 'ms', of: ({ events }) => idealMs(events, slots) },
      {
        name: "B's mean wait against the ideal",
        unit: 'share',
        of: ({ events }) => meanWaitMs(events, isOfB) / idealMs(events, slots),
        atMost: 1 + NEAR,
        atLeast: 1 - NEAR,
        promisedBy: [BY_TENANT],
      },
      {
        name: "A's mean wait",
        unit: 'ms',
        of: ({ events }) => meanWaitMs(events, (event) => !isOfB(event)),
      },
    ];
  },
};

/** A's are sent first, all at once. */
function load({ scale }: ScenarioSettings): Schedule {
  const of = (tenant: string, { users, tasks }: typeof A): Schedule =>
    Array.from({ length: tasks }, () =>
      Array.from({ length: users }, (_, i) => ({
        user: `${tenant}/${i + 1}`,
        dueMs: 0,
        durationMs: TASK_MS * scale,
      })),
    ).flat();
  return [...of('A', A), ...of('B', B)];
}

function isOfB({ user }: TaskEvent): boolean {
  return user.startsWith('B/');
}

/** From the first start of all: everything was sent before. */
function meanWaitMs(events: readonly TaskEvent[], isCounted: (event: TaskEvent) => boolean): number {
  const begin = Math.min(...events.map(({ started }) => started));
  return mean(events.filter(isCounted).map(({ started }) => started - begin)) / 1_000;
}

/**
 * What B would wait if tenants took turns strictly, on slots that lose no time: its tasks are every other one, as long
 * as it has some. The mean of who begins.
 */
function idealMs(events: readonly TaskEvent[], slots: number): number {
  const turns = Array.from({ length: 2 * B.users * B.tasks }, (_, turn) => Math.floor(turn / slots));
  return mean(turns) * meanRunMs(events);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
