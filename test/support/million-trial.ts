import type { MillionCase, MillionTrial } from '../../src/core/reports/million-report.js';
import { SHARED } from '../../src/run/bench/million/million-claims.js';
import { sizesAt } from '../../src/run/bench/million/sizes.js';

/** A round of shared queues in which all that is promised holds. */
export function millionTrial(changed: Partial<MillionTrial> = {}): MillionTrial {
  const promotions = { users: 1, movedTasks: 29_000 };
  return {
    strategy: 'fair',
    variant: SHARED,
    sizes: sizesAt(1),
    newUsers: {
      queues: 64,
      publishPerSecond: 8_000,
      workPerSecond: 14_000,
      startUpSeconds: 0.5,
      jainAtHalf: 0.991,
      plain: { publishPerSecond: 10_000, consumePerSecond: 20_000 },
    },
    idle: { queues: 64, memoryBytes: 30e6 },
    burst: { lightP95Ms: 22_000, quietP95Ms: 20_000, jainAtHalf: 0.995, promotions },
    crowd: { users: 60_000, queues: 90, jainAtHalf: 0.95, lightP95Ms: 4_000, promotions },
    report: { missing: 0, duplicates: 0 },
    ...changed,
  };
}

export function inRounds(...rounds: readonly [MillionTrial, ...MillionTrial[]]): MillionCase {
  return { ...rounds[0], rounds };
}
