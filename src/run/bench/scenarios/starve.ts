import type { Claim } from '../claims.js';
import { fixedDuration } from '../load.js';
import type { Scenario } from '../scenario.js';
import type { TrialResult } from '../trial.js';
import { tasks } from '../words.js';

const TASK_MS = 10;
/** B sends so much more than the slots could do if nothing came between two tasks. */
const OVERLOAD = 1.1;
/** Two for each slot: a plain consumer's thousand would be A's, and hide for a second what comes after. */
const SMALL_PREFETCH = ['--prefetch', '16'];

/** A user that sends more than can be done: who has priority takes all of it, and turns leave half to the other. */
export const starve: Scenario = {
  name: 'starve',
  summary: ({ countA }) =>
    `A has ${tasks(countA)}, and B, whose priority is higher, sends more than the workers can do: what is left to A?`,
  defaults: { workers: 1, concurrency: 8, countA: 2_000, countB: 2_500 },
  cases: [
    { strategy: 'fifo', workerFlags: SMALL_PREFETCH },
    { strategy: 'priority', workerFlags: SMALL_PREFETCH },
    { strategy: 'fair' },
  ],
  async script(trial, { countA, countB, workers, concurrency, scale }) {
    const taskMs = TASK_MS * scale;
    const duration = fixedDuration(taskMs);
    const rate = Math.ceil((OVERLOAD * workers * concurrency * 1_000) / taskMs);
    await trial.publish({ user: 'A', count: countA, duration, priority: 1 });
    const sent = trial.publish({ user: 'B', count: countB, duration, rate, priority: 9 });
    await trial.queued(countA + 1);
    trial.startWorkers();
    await sent;
    await trial.workersEnd();
  },
  claims: () => [
    { ...SERVICE_OF_A, atLeast: 45, atMost: 55 },
    {
      ...SERVICE_OF_A,
      name: "A's part where B has priority",
      of: (trial) => (trial.strategy === 'priority' ? percentOfA(trial) : null),
      atMost: 5,
      promisedBy: ['priority'],
    },
  ],
};

const SERVICE_OF_A: Claim = { name: "A's part while both wait", unit: 'percent', of: percentOfA };

/** Of the tasks that started while both had some waiting, so many in a hundred were A's. */
function percentOfA({ events }: TrialResult): number | null {
  // A's are all there before B's first, and B's come faster than they are run: so it is until the last of either.
  let from = Number.POSITIVE_INFINITY;
  const last = { A: 0, B: 0 };
  for (const { user, enqueued, started } of events) {
    if (user === 'B') from = Math.min(from, enqueued);
    if (user === 'A' || user === 'B') last[user] = Math.max(last[user], started);
  }
  const both = events.filter(({ started }) => started >= from && started <= Math.min(last.A, last.B));
  const ofA = both.filter(({ user }) => user === 'A').length;
  return both.length === 0 ? null : (100 * ofA) / both.length;
}
