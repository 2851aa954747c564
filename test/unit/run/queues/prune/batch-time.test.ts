import { describe, expect, it } from 'vitest';
import { BatchTime } from '../../../../../src/run/queues/prune/batch-time.js';

/** Batches that wait for 500 ms, and take so much longer to delete than to unbind. */
function played(batches: number, deleteFactor: number): { unbindMs: number; longestMs: number } {
  const time = new BatchTime();
  let longestMs = 0;
  for (let i = 0; i < batches; i++) {
    const ms = time.unbindMs * (1 + deleteFactor) + 500;
    if (i > 5) longestMs = Math.max(longestMs, ms);
    time.took(ms);
  }
  return { unbindMs: time.unbindMs, longestMs };
}

describe('the time of a batch', () => {
  it('grows where deleting is fast, up to a bound', () => {
    expect(played(30, 0.1).unbindMs).toBe(400);
  });

  it.each([0.5, 1, 2, 5, 20])(
    'lets publishers wait no longer than 2 s where deleting takes %d times as long',
    (factor) => {
      expect(played(40, factor).longestMs).toBeLessThan(2_000);
    },
  );

  it('is never nothing, and follows at once when the broker grows slow', () => {
    const time = new BatchTime();
    for (let i = 0; i < 10; i++) time.took(700);
    time.took(60_000);
    expect(time.unbindMs).toBe(10);
  });
});
