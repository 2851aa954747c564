import { describe, expect, it } from 'vitest';
import { VirtualPast } from '../../../../src/core/scheduling/virtual-past.js';

describe('where a virtual clock stood', () => {
  it('is what was noted at that moment, or at the next one', () => {
    const past = new VirtualPast();
    expect(past.at(0)).toBeUndefined();
    for (const moment of [10, 20, 20, 30]) past.note(moment, moment / 10);
    expect([0, 10, 11, 20, 29.5, 30].map((moment) => past.at(moment))).toEqual([1, 1, 2, 2, 3, 3]);
    expect(past.at(31)).toBeUndefined();
  });

  it('is the oldest that is remembered for any moment before it', () => {
    const past = new VirtualPast();
    for (let moment = 0; moment < 10_000; moment++) past.note(moment, moment);
    const oldest = past.at(0)!;
    expect(oldest).toBeGreaterThan(9_000);
    for (let moment = oldest; moment < 10_000; moment++) expect(past.at(moment)).toBe(moment);
    expect(past.at(10_000)).toBeUndefined();
  });

  it('goes back with the clock', () => {
    const past = new VirtualPast();
    past.note(1, 100);
    past.rebase(80);
    past.note(2, 21);
    expect([past.at(1), past.at(2)]).toEqual([20, 21]);
  });
});
