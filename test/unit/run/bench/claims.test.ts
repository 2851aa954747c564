import { describe, expect, it } from 'vitest';
import { type CaseResult, type Claim, checksOf, figuresOf } from '../../../../src/run/bench/claims.js';
import type { Strategy, TrialResult } from '../../../../src/run/bench/trial.js';

/** A case with a round for each speed. */
function played(
  strategy: Strategy,
  speeds: readonly number[],
  lost: Partial<TrialResult['report']> = {},
): CaseResult {
  const rounds = speeds.map(
    (tasksPerSecond) =>
      ({ strategy, report: { tasksPerSecond, missing: 0, duplicates: 0, ...lost } }) as TrialResult,
  );
  return { ...rounds[0]!, rounds };
}

const speed: Claim = { name: 'speed', unit: 'share', of: ({ report }) => report.tasksPerSecond };
const both = [played('fifo', [50, 70, 60]), played('fair', [90, 60, 80])];

function check(claim: Partial<Claim>) {
  const [first] = checksOf(figuresOf([{ ...speed, ...claim }], both), both);
  return first;
}

describe('a promise', () => {
  it('has to hold in the worst round', () => {
    expect(check({ atLeast: 70 })).toEqual({
      name: 'fair: speed, at least',
      value: 60,
      limit: 70,
      unit: 'share',
      over: 'worst',
      rounds: 3,
      passed: false,
    });
    expect(check({ atMost: 85 })).toMatchObject({ value: 90, passed: false });
    expect(check({ atMost: 90 })).toMatchObject({ value: 90, passed: true });
  });

  it('about a speed is about the median of the rounds', () => {
    expect(check({ atLeast: 85, isSpeed: true })).toMatchObject({
      value: 80,
      worst: 60,
      over: 'median',
      rounds: 3,
      passed: false,
    });
  });

  it('compares what was played in the same round', () => {
    const against: Claim['of'] = ({ report }, round) =>
      report.tasksPerSecond / round.find(({ strategy }) => strategy === 'fifo')!.report.tasksPerSecond;
    // 90/50, 60/70 and 80/60: not the fastest against the fastest, which is 90/70.
    expect(check({ of: against, atLeast: 1, isSpeed: true })).toMatchObject({ value: 1.333, passed: true });
    expect(check({ of: against, atLeast: 1 })).toMatchObject({ value: 0.857, passed: false });
  });

  it('about a speed is measured and not judged where there are fewer than three rounds', () => {
    const once = [played('fifo', [100]), played('fair', [10])];
    const [figure] = figuresOf([{ ...speed, atLeast: 70, isSpeed: true }], once);
    expect(figure).toMatchObject({ values: { fair: 10 }, unjudged: 'it takes 3 rounds or more' });
    expect(checksOf([figure!], once).map(({ name }) => name)).not.toContain('fair: speed, at least');
  });

  it('with two limits shows the value that breaks one', () => {
    const failedOf = (limits: Partial<Claim>) =>
      checksOf(figuresOf([{ ...speed, ...limits }], both), both).filter(({ passed }) => !passed);
    expect(failedOf({ atLeast: 70, atMost: 100 })).toMatchObject([
      { name: 'fair: speed, at least', value: 60 },
    ]);
    expect(failedOf({ atLeast: 10, atMost: 85 })).toMatchObject([
      { name: 'fair: speed, at most', value: 90 },
    ]);
  });

  it('is checked of those that promise, and the others are measured beside them', () => {
    const figures = figuresOf([{ ...speed, atLeast: 60, promisedBy: ['fifo'] }], both);
    expect(figures[0]!.values).toEqual({ fifo: 50, fair: 60 });
    expect(checksOf(figures, both)[0]).toMatchObject({ name: 'fifo: speed, at least', passed: false });
  });

  it('is not checked where it means nothing', () => {
    const figures = figuresOf([{ ...speed, of: () => null, atLeast: 60 }], both);
    expect(checksOf(figures, both).map(({ name }) => name)).not.toContain('fair: speed, at least');
  });

  it('goes with the one that nothing is lost or done twice, in any round', () => {
    const lossy = [
      played('fair', [1], { missing: 3 }),
      played('fifo', [1], { duplicates: 2 }),
      played('arrival', [1], { missing: null }),
    ];
    const failed = checksOf([], lossy).filter(({ passed }) => !passed);
    expect(failed.map(({ name }) => name)).toEqual(['fair: missing', 'fifo: duplicates', 'arrival: missing']);
  });
});
