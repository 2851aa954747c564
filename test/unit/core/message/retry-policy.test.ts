import { describe, expect, it } from 'vitest';
import { delayAfter, delaysOf, parseBackoff } from '../../../../src/core/message/retry-policy.js';

describe('a retry policy', () => {
  it('waits as told after each attempt, the last wait again and again, and not after the last attempt', () => {
    const policy = { maxAttempts: 5, delaysMs: [10, 20, 30] };
    expect([1, 2, 3, 4, 5, 6].map((attempt) => delayAfter(policy, attempt))).toEqual([
      ...[10, 20, 30, 30],
      ...[undefined, undefined],
    ]);
    expect(delayAfter({ maxAttempts: 1, delaysMs: [10] }, 1)).toBeUndefined();
  });

  it('needs a queue for each wait that can come up, and for no other', () => {
    expect(delaysOf({ maxAttempts: 3, delaysMs: [10, 20, 30] })).toEqual([10, 20]);
    expect(delaysOf({ maxAttempts: 9, delaysMs: [10, 10, 30] })).toEqual([10, 30]);
    expect(delaysOf({ maxAttempts: 1, delaysMs: [10] })).toEqual([]);
  });
});

describe('a backoff', () => {
  it('is a list of times', () => {
    expect(parseBackoff('1s', '--backoff')).toEqual([1_000]);
    expect(parseBackoff('250ms,1s, 5m', '--backoff')).toEqual([250, 1_000, 300_000]);
  });

  it('goes on as it grew so far, up to a day', () => {
    for (const text of ['1s,2s,4s…', '1s,2s,4s,...', '1s…']) {
      const delays = parseBackoff(text, '--backoff');
      expect(delays.slice(0, 6)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000]);
      expect(delays.at(-1)).toBe(86_400_000);
    }
    expect(parseBackoff('5s,5s…', '--backoff')).toEqual([5_000, 5_000]);
    expect(parseBackoff('1s,3s…', '--backoff').slice(0, 4)).toEqual([1_000, 3_000, 9_000, 27_000]);
  });

  it.each(['', 'soon', '1s,,2s', '0ms', '25h', '-1s', Array(21).fill('1s').join(',')])(
    'is not %j',
    (text) => {
      expect(() => parseBackoff(text, '--backoff')).toThrow(/--backoff/);
    },
  );
});
