import { describe, expect, it } from 'vitest';
import type { MillionTrial } from '../../../../../src/core/reports/million-report.js';
import { checksOf, figuresOf } from '../../../../../src/run/bench/claims.js';
import { A_QUEUE_EACH, MILLION_CLAIMS } from '../../../../../src/run/bench/million/million-claims.js';
import { sizesAt } from '../../../../../src/run/bench/million/sizes.js';
import { inRounds, millionTrial } from '../../../../support/million-trial.js';

const good = millionTrial();

function failedOf(...rounds: readonly [MillionTrial, ...MillionTrial[]]): string[] {
  const results = [inRounds(...rounds)];
  const checks = checksOf(figuresOf(MILLION_CLAIMS, results), results);
  return checks.filter(({ passed }) => !passed).map(({ name }) => name);
}

/** The same in three rounds, as a speed is judged from three on. */
function thrice(changed: Partial<MillionTrial>): string[] {
  const trial = millionTrial(changed);
  return failedOf(trial, trial, trial);
}

describe('what shared queues with promotion promise', () => {
  it('holds where they do as they should', () => {
    expect(thrice({})).toEqual([]);
  });

  it.each([
    [{ newUsers: { ...good.newUsers, publishPerSecond: 6_900 } }, 'published: of plain amqplib, at least'],
    [{ newUsers: { ...good.newUsers, workPerSecond: 11_900 } }, 'worked off: of plain amqplib, at least'],
    [{ idle: { queues: 64, memoryBytes: 101e6 } }, "idle: broker's memory for them, at most"],
    [{ burst: { ...good.burst, lightP95Ms: 24_100 } }, 'burst: times as long, at most'],
    [{ burst: { ...good.burst, jainAtHalf: 0.98 } }, "burst: Jain's index, at least"],
    [{ report: { missing: 1, duplicates: 0 } }, 'missing'],
    [{ report: { missing: null, duplicates: 0 } }, 'missing'],
    [{ report: { missing: 0, duplicates: 1 } }, 'duplicates'],
  ] satisfies [Partial<MillionTrial>, string][])('fails with %j', (changed, name) => {
    expect(thrice(changed)).toEqual([`shared:64: ${name}`]);
  });

  it('goes by the median of the rounds where it is a speed', () => {
    const slow = millionTrial({ newUsers: { ...good.newUsers, publishPerSecond: 100 } });
    expect(failedOf(good, slow, good)).toEqual([]);
    expect(failedOf(slow, slow, good)).toEqual(['shared:64: published: of plain amqplib, at least']);
  });

  it('needs no figure of what was played in the first round alone', () => {
    const later = millionTrial({ idle: null, crowd: null });
    expect(failedOf(good, later, later)).toEqual([]);
  });

  it('is not judged by a load that is too small', () => {
    const small = { ...good.newUsers, publishPerSecond: 1, workPerSecond: 1 };
    const burst = { ...good.burst, lightP95Ms: 1e6, jainAtHalf: 0.5 };
    expect(thrice({ sizes: sizesAt(0.01), newUsers: small, burst })).toEqual([]);
  });

  it('is not judged by waits where the processors are short', () => {
    const slow = { ...good.burst, quietP95Ms: 24_100, lightP95Ms: 60_000 };
    expect(thrice({ burst: slow })).toEqual([]);
  });

  it('is promised by nobody else', () => {
    expect(thrice({ variant: A_QUEUE_EACH, idle: { queues: 10_000, memoryBytes: 1e9 } })).toEqual([]);
  });

  it('has a name of its own for each figure', () => {
    const names = MILLION_CLAIMS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
