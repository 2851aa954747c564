import { describe, expect, it } from 'vitest';
import { clockMarks, lastKnown, mostOf, pathOf } from '../../../src/page/parts/charts/timed.js';
import { waitScale } from '../../../src/page/parts/charts/wait-scale.js';

const same = (value: number) => value;

describe('a line over time', () => {
  it('has a hole where nothing is known, and a point between two holes', () => {
    expect(pathOf([1, 2, null, 3, null, null], same, same)).toBe('M0 1h0L1 2M3 3h0');
    expect(pathOf([null, null], same, same)).toBe('');
  });

  it('knows its last value and its largest, the first of several', () => {
    const values = [null, 3, 7, 7, 1, null];
    expect(lastKnown([{ label: 'a', values }])).toBe(4);
    expect(lastKnown([{ label: 'a', values: [null] }])).toBeUndefined();
    expect(mostOf(values)).toBe(2);
    expect(mostOf([null])).toBeUndefined();
  });

  it('has marks at round times, as many as there is room for', () => {
    const steps = { fromMs: 61_000, stepMs: 10_000, count: 360 };
    const minutes = (most: number) => clockMarks(steps, most).map((ms) => ms / 60_000);
    expect(minutes(7)).toEqual([10, 20, 30, 40, 50, 60]);
    expect(minutes(4)).toEqual([15, 30, 45, 60]);
    expect(minutes(1)).toEqual([60]);
  });
});

describe('the scale of waits', () => {
  it.each([
    [0, ['0', '200 ms', '400 ms', '600 ms', '800 ms', '1 s']],
    [0.004, ['0', '1 ms', '2 ms', '3 ms', '4 ms']],
    [100, ['0', '30 s', '1 min', '1 min 30 s']],
    [7_300, ['0', '30 min', '1 h', '1 h 30 min', '2 h']],
  ])('up to %s s has marks that are round on a clock', (most, labels) => {
    const { ticks, at } = waitScale(most, 100, 0);
    expect(ticks.map(({ label }) => label)).toEqual(labels);
    expect(at(0)).toBe(100);
    expect(at(most || 1)).toBe(0);
  });

  it('has few marks, however long a wait is', () => {
    for (let most = 0.001; most < 1e8; most *= 1.7)
      expect(waitScale(most, 100, 0).ticks.length).toBeLessThanOrEqual(6);
  });
});
