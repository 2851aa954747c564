import type { StrategyReport } from '../../src/core/reports/simulation-report.js';
import { type SimulationOptions, simulate } from '../../src/core/simulation/simulate.js';
import type { ListedTask, SimulatedLoad } from '../../src/core/simulation/simulated-load.js';
import { parseSimulatedStrategy, type SimulatedStrategy } from '../../src/core/simulation/strategy.js';

export const SIMULATED_DEFAULTS = {
  workers: 1,
  concurrency: 10,
  promoteAfter: 32,
  moveMs: 0.05,
  demoteAfterMs: 60_000,
} as const;

/** Of a list with commas between. */
export function strategiesOf(text: string): SimulatedStrategy[] {
  return text.split(',').map((part) => parseSimulatedStrategy(part, 'strategy'));
}

/** What one strategy comes to. */
export function simulated(
  load: SimulatedLoad,
  strategy: string,
  options: Partial<SimulationOptions> = {},
): StrategyReport {
  const strategies = strategiesOf(strategy);
  const { results } = simulate(load, { ...SIMULATED_DEFAULTS, ...options, strategies });
  return results[0]!;
}

/** So many tasks of a user that arrive together. */
export function tasksOf(user: string, count: number, durationMs: number, dueMs = 0): ListedTask[] {
  return Array.from({ length: count }, () => ({ user, dueMs, durationMs }));
}

/** The position of the user's last task, and how long its tasks waited at most. */
export function fateOf({ users }: StrategyReport, user: string) {
  const found = users.find((one) => one.user === user);
  return { last: found?.lastCompletionPosition, waitMs: found?.waitMs?.max };
}
