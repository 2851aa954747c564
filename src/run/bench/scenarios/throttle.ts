import type { Limits } from '../../../core/reports/bench-report.js';
import { whileAllBacklogged } from '../bench-measures.js';
import type { Claim } from '../claims.js';
import { fixedDuration } from '../load.js';
import type { Scenario, ScenarioSettings } from '../scenario.js';
import { jainOf, Starts } from '../steering/starts.js';
import type { LimitValues } from '../steering/steer.js';
import type { TrialResult } from '../trial.js';
import { tasks } from '../words.js';

const TASK_MS = 50;
const OTHERS = ['B', 'C', 'D', 'E'];
const LOW_WEIGHT = 0.1;
/** By then A's share is what it is to be: so many starts after each change do not count. */
const FOLLOWS_WITHIN = 100;
/** A has more that takes time than it can come to while the others wait. The rest is there to wait, and takes none. */
const PART_WITH_TIME = 1 / 4;
/** The steps, in this order; each lasts until the others have had another such part of their tasks. */
const STEPS: readonly LimitValues[] = [{ weight: LOW_WEIGHT }, { cap: { tasks: 1 } }, { paused: true }, {}];
const PART = 1 / 10;
const [LOW, CAPPED, PAUSED, RESUMED] = [0, 1, 2, 3] as const;

/** An operator throttles one user of several while all of them wait: that one follows, and the others notice nothing. */
export const throttle: Scenario = {
  name: 'throttle',
  summary: ({ countA }) =>
    `${tasks(countA)} of A wait beside four others; A's weight falls to ${LOW_WEIGHT}, then it has a cap of 1, then it is paused: does its share follow, and do the others notice?`,
  defaults: { workers: 2, concurrency: 16, countA: 30_000, countB: 6_000 },
  cases: [{ strategy: 'fair' }],
  async script(trial, { countA, countB, scale }) {
    const duration = fixedDuration(TASK_MS * scale);
    const taking = Math.ceil(countA * PART_WITH_TIME);
    await trial.publish({ user: 'A', count: taking, duration });
    await trial.publish({ user: 'A', count: countA - taking });
    for (const user of OTHERS) await trial.publish({ user, count: countB, duration });
    trial.startWorkers();
    const all = OTHERS.length * countB;
    await trial.ran(OTHERS, Math.floor(all / 2));
    for (const limits of STEPS) {
      await trial.steer('A', limits);
      const ran = await trial.ran(OTHERS, 0);
      if (limits !== STEPS.at(-1)) await trial.ran(OTHERS, Math.min(all, ran + Math.floor(all * PART)));
    }
    await trial.workersEnd();
  },
  claims: (settings) => [...claimsOnA(settings), ...claimsOnOthers()],
};

function claimsOnA({ workers, concurrency }: ScenarioSettings): Claim[] {
  const equal = 100 / (OTHERS.length + 1);
  const low = (100 * LOW_WEIGHT) / (LOW_WEIGHT + OTHERS.length);
  const oneSlot = 100 / (workers * concurrency);
  const part = (name: string, startsIn: (trial: TrialResult) => Starts): Claim => ({
    name,
    unit: 'percent',
    of: (trial) => startsIn(trial).percentOf('A'),
  });
  return [
    { ...part("A's part at weight 1", before), ...near(equal, 3) },
    { ...part(`A's part at weight ${LOW_WEIGHT}`, settled(LOW)), atLeast: low / 2, atMost: equal / 2 },
    { ...part("A's part at a cap of 1", settled(CAPPED)), atLeast: oneSlot / 2, atMost: equal / 2 },
    {
      name: "A's tasks at once at a cap of 1",
      unit: 'tasks',
      of: (trial) => settled(CAPPED)(trial).ofUser('A').mostAtOnce,
      atLeast: 1,
      atMost: 1,
    },
    {
      name: "A's starts in its pause",
      unit: 'tasks',
      of: (trial) => during(trial, PAUSED).ofUser('A').count,
      atMost: 0,
    },
    { ...part("A's part at weight 1 again", settled(RESUMED)), ...near(equal, 7) },
  ];
}

function near(value: number, points: number): Limits {
  return { atLeast: value - points, atMost: value + points };
}

function claimsOnOthers(): Claim[] {
  const least = (counts: readonly number[]) => Math.min(...counts) / Math.max(...counts);
  return [
    ...inEachStep('least of the others against most', least, 0.7),
    ...inEachStep("Jain's index of the others", jainOf, 0.98),
  ];
}

function inEachStep(name: string, of: (counts: readonly number[]) => number, atLeast: number): Claim[] {
  const after = (trial: TrialResult) => STEPS.map((_, step) => of(settled(step)(trial).counts(OTHERS)));
  return [
    {
      name: `${name}, before`,
      unit: 'share',
      of: (trial) => of(before(trial).counts(OTHERS)),
      atLeast,
    },
    { name: `${name}, after each change`, unit: 'share', of: (trial) => Math.min(...after(trial)), atLeast },
  ];
}

/** While all wait and nobody has changed anything. */
function before({ events, steered }: TrialResult): Starts {
  return Starts.of(events)
    .between(0, steered[0]?.begunAt ?? 0)
    .after(FOLLOWS_WITHIN);
}

/** From when the verb has returned until the next one begins, or one of the others has nothing left. */
function during(trial: TrialResult, step: number): Starts {
  const { events, steered } = trial;
  const to = steered[step + 1]?.begunAt ?? whileAllBacklogged(trial, OTHERS).to;
  return Starts.of(events).between(steered[step]?.inForceAt ?? to, to);
}

function settled(step: number): (trial: TrialResult) => Starts {
  return (trial) => during(trial, step).after(FOLLOWS_WITHIN);
}
