import { describe, expect, it } from 'vitest';
import { BatchSize } from '../../../../src/run/queues/batch-size.js';

/** Batches of a broker that takes so long for each queue, and 500 ms besides. */
function played(batches: number, msForEach: number): { size: number; longestMs: number } {
  const size = new BatchSize();
  let longestMs = 0;
  for (let i = 0; i < batches; i++) {
    const ms = 500 + size.next * msForEach;
    if (i > batches / 2) longestMs = Math.max(longestMs, ms);
    size.took(size.next, ms);
  }
  return { size: size.next, longestMs };
}

describe('the size of a batch', () => {
  it('grows where the broker is fast, up to a bound', () => {
    expect(played(30, 0.01).size).toBe(1_000);
  });

  it.each([0.5, 1, 2, 5, 20])(
    'keeps publishers waiting no longer than 2 s where a queue takes %d ms',
    (ms) => {
      expect(played(40, ms).longestMs).toBeLessThan(2_000);
    },
  );

  it('is small, but never nothing, where the broker is slow', () => {
    const { size } = played(30, 500);
    expect(size).toBeGreaterThanOrEqual(1);
    expect(size).toBeLessThan(20);
  });

  it('of the last batch, which was small, says nothing of the next', () => {
    const size = new BatchSize();
    for (let i = 0; i < 10; i++) size.took(size.next, 700);
    const before = size.next;
    size.took(3, 600);
    expect(size.next).toBeGreaterThanOrEqual(before);
  });
});
