import { describe, expect, it } from 'vitest';
import { Patience } from '../../../../../src/run/worker/intake/patience.js';

describe('who waits for things that come one by one', () => {
  const limits = { silenceMs: 500, mostMs: 2_000 };

  it('waits while they come, however long they all take, and no longer than all of them need', () => {
    const patience = new Patience(limits, 0);
    for (let i = 0; i < 5; i++) expect(patience.lasts(5 - i, i * 399)).toBe(true);
    expect(patience.lasts(0, 1_600)).toBe(false);
  });

  it('does not wait where nothing is lacking', () => {
    expect(new Patience(limits, 0).lasts(0, 0)).toBe(false);
  });

  it('gives up when nothing more has come for a while, or it has taken too long in all', () => {
    const silent = new Patience(limits, 0);
    expect([0, 300, 499, 500].map((now) => silent.lasts(now < 300 ? 7 : 6, now))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(silent.lasts(6, 799)).toBe(true);
    expect(silent.lasts(6, 800)).toBe(false);
    const slow = new Patience(limits, 0);
    for (let i = 0; i < 20; i++) expect(slow.lasts(100 - i, i * 100)).toBe(true);
    expect(slow.lasts(80, 2_000)).toBe(false);
  });
});
