import { equalUsers } from '../load/workload.js';
import type { DurationRange } from '../values/quantities.js';
import type { Random } from '../values/random.js';
import { durationsFrom, type ListedTask, loadOf, loadOfTasks, type SimulatedLoad } from './simulated-load.js';

/** What a scenario of `fairq bench` may be told of its load. */
export interface ScenarioSizes {
  readonly countA?: number | undefined;
  readonly countB?: number | undefined;
  /** Of the tasks; of the scenario if not given. */
  readonly duration?: DurationRange | undefined;
}

/** A load of `fairq bench`, with the workers that it is played with there. */
export interface SimulatedScenario {
  readonly name: string;
  readonly workers: number;
  readonly concurrency: number;
  /** Sizes that mean something to it. */
  readonly sizes: readonly ('countA' | 'countB')[];
  load(sizes: ScenarioSizes, random: Random): SimulatedLoad;
}

/** What a task takes that does nothing else there: here it would take no time at all. */
const SHORT: DurationRange = { least: 5, most: 5 };

/** A sends its tasks, then B sends its own. */
const seed: SimulatedScenario = {
  name: 'seed',
  workers: 1,
  concurrency: 10,
  sizes: ['countA', 'countB'],
  load({ countA = 30_000, countB = 500, duration = SHORT }, random) {
    const next = durationsFrom(duration, random);
    return loadOfTasks([...atOnce('A', countA, next), ...atOnce('B', countB, next)]);
  },
};

/** Many users with little each. */
const crowd: SimulatedScenario = {
  name: 'crowd',
  workers: 2,
  concurrency: 10,
  sizes: [],
  load({ duration = SHORT }, random) {
    return loadOf(equalUsers(1_000, 30), { dueAt: () => 0 }, duration, random);
  },
};

const QUIET_TASKS = 50;
const QUIET_EVERY_MS = 100;

/** A bursts; B and C send a task now and then. */
const noisy: SimulatedScenario = {
  name: 'noisy',
  workers: 2,
  concurrency: 50,
  sizes: ['countA'],
  load({ countA = 30_000, duration = { least: 18, most: 22 } }, random) {
    const quiet = (duration.least + duration.most) / 2;
    const ofQuiet = Array.from({ length: QUIET_TASKS }, (_, i) =>
      ['B', 'C'].map((user) => ({ user, dueMs: i * QUIET_EVERY_MS, durationMs: quiet })),
    );
    return loadOfTasks([...atOnce('A', countA, durationsFrom(duration, random)), ...ofQuiet.flat()]);
  },
};

export const SIMULATED_SCENARIOS: readonly SimulatedScenario[] = [seed, crowd, noisy];

function atOnce(user: string, count: number, next: () => number): ListedTask[] {
  return Array.from({ length: count }, () => ({ user, dueMs: 0, durationMs: next() }));
}
