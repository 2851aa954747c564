import { meanRunMs } from '../bench-measures.js';
import { fixedDuration } from '../load.js';
import type { Scenario } from '../scenario.js';
import { Starts } from '../steering/starts.js';
import type { TrialResult } from '../trial.js';
import { ms, tasks } from '../words.js';

const TASK_MS = 20;
/** Less than the workers can do: A waits for its rate, and not for a slot. */
const B_PER_SECOND = 20;
const STARTS = 300;
const WINDOW_MS = 60_000;
/** At once, at the most: these may start again after a sixth of the window. */
const BURST = 50;
/** Of tasks that sleep. */
const MOST_SLOWDOWN = 1.5;
const LIMITED = `fair, ${STARTS}/min`;

/** A user with a rate, while another comes and goes without one: is the rate kept, and is it used? */
export const ratelimited: Scenario = {
  name: 'ratelimited',
  summary: ({ countA }) =>
    `${tasks(countA)} of A wait, of which ${STARTS} may start in a minute: how many do, in any minute, and how many of those that might?`,
  defaults: { workers: 2, concurrency: 8, countA: 350, countB: 1_200 },
  cases: [
    { strategy: 'fair', variant: 'fair, no rate' },
    {
      strategy: 'fair',
      variant: LIMITED,
      limits: { rate: { starts: STARTS, perMs: WINDOW_MS, burst: BURST } },
    },
  ],
  async script(trial, { countA, countB, scale }) {
    const { limits } = trial.options;
    const duration = fixedDuration(TASK_MS * scale);
    await trial.publish({ user: 'A', count: countA, duration });
    if (limits !== undefined) await trial.steer('A', limits);
    trial.startWorkers();
    await trial.publish({ user: 'B', count: countB, duration, rate: B_PER_SECOND / scale });
    await trial.workersEnd();
  },
  claims: ({ scale }) => [
    {
      name: "A's starts in any minute",
      unit: 'tasks',
      of: (trial) => startsOfA(trial).mostWithin(WINDOW_MS * 1_000),
      atMost: STARTS,
      promisedBy: [LIMITED],
    },
    {
      name: "A's starts, of those that might be",
      unit: 'share',
      of: (trial) => (trial.variant === LIMITED ? useOfTheRate(startsOfA(trial)) : null),
      atLeast: 0.95,
      promisedBy: [LIMITED],
      unjudged: (rounds) => busyMachine(rounds.flat(), TASK_MS * scale),
    },
  ],
};

function startsOfA({ events }: TrialResult): Starts {
  return Starts.of(events).ofUser('A');
}

/** A has tasks until its last start. The first burst might start at once, and as many in each second after it. */
function useOfTheRate(starts: Starts): number | null {
  const windows = starts.lasted / 1_000 / WINDOW_MS;
  return windows === 0 ? null : (starts.count - BURST) / (STARTS * windows);
}

/** Where tasks that only sleep take much longer than they say, a start that comes late says more of the machine. */
function busyMachine(trials: readonly TrialResult[], taskMs: number): string | undefined {
  const slowest = Math.max(...trials.map(({ events }) => meanRunMs(events)));
  if (slowest <= MOST_SLOWDOWN * taskMs) return undefined;
  return `tasks of ${ms(taskMs)} ms took ${ms(slowest)} ms, so the machine was busy with something else`;
}
