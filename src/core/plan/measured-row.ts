import type { CostRow } from '../reports/cost-report.js';
import type { Fact, FactName } from './facts.js';

/** What a measurement of so many queues says of the broker. */
export function factsOfRow(row: CostRow, version: string, source: string): Fact[] {
  const names: readonly FactName[] = [
    'idleBytes',
    'consumerBytes',
    'cpuAtRest',
    'makePerSecond',
    'publishPerSecond',
    'tasksPerSecond',
  ];
  const { type, queues } = row;
  return names.flatMap((of) => {
    const value = row[of];
    return value === null ? [] : [{ of, type, version, queues, value, source }];
  });
}

/** `3.10.8` → `3.10` */
export function shortVersion(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
