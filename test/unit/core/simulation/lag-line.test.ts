import { expect, it } from 'vitest';
import { LagLine } from '../../../../src/core/simulation/lag-line.js';

const NAMES = ['A', 'B'];

it('has the largest lag of each interval, and whose it was, however long it takes', () => {
  for (const end of [0.1, 255, 1_000, 3_600_000]) {
    const line = new LagLine();
    for (let i = 0; i <= 10_000; i++) line.note((end * i) / 10_000, i % 2, i === 5_000 ? 7.0004 : 0.5);
    const { ends, lag, lagUser } = line.over(NAMES);
    expect(ends.length).toBeLessThanOrEqual(256);
    expect(ends.length).toBeGreaterThanOrEqual(100);
    expect(ends.at(-1)! * 1_000).toBeGreaterThan(end);
    const most = lag.indexOf(7);
    expect(lag.filter((tasks) => tasks === 7)).toHaveLength(1);
    expect(lagUser[most]).toBe('A');
    expect(ends[most]! * 1_000).toBeGreaterThan(end / 2);
    expect((ends[most]! - 1.01 * ends[0]!) * 1_000).toBeLessThanOrEqual(end / 2);
  }
});

it('is 0, and nobody is behind, where nothing was looked at', () => {
  const line = new LagLine();
  expect(line.over(NAMES)).toEqual({ ends: [], lag: [], lagUser: [] });
  line.note(0, 1, 0);
  line.note(0.004, 0, -3);
  expect(line.over(NAMES)).toEqual({
    ends: [0.001, 0.002, 0.003, 0.004, 0.005].map((ms) => ms / 1_000),
    lag: [0, 0, 0, 0, 0],
    lagUser: [null, null, null, null, null],
  });
});
