import { describe, expect, it } from 'vitest';
import { faultOfQueuePrefix, ownerOfBy, prefixedQueueOf } from '../../../../src/core/celery/queue-prefix.js';
import { namesFor } from '../../../../src/core/queues/names.js';

const names = namesFor('fairq');

describe('a queue prefix', () => {
  it('and a user make the name that an application makes, and the other way round', () => {
    const userOf = (queue: string) => ownerOfBy('usersequence_', names)(queue)?.name;
    for (const user of ['A', '漢 字', 'a%41', '*']) {
      expect(userOf(prefixedQueueOf('usersequence_', user))).toBe(user);
    }
    for (const other of ['usersequence_', 'fairq.user.A', 'other_A']) expect(userOf(other)).toBeUndefined();
    expect(ownerOfBy(undefined, names)('fairq.user.A')?.name).toBe('A');
  });

  it('never takes what fairq needs itself for a queue of a user', () => {
    const userOf = (queue: string) => ownerOfBy('fairq.e', names)(queue)?.name;
    expect(userOf('fairq.events')).toBeUndefined();
  });

  it.each(['', 'a*', 'a?', 'amq.x', 'fairq.user.', 'fairq', 'f', 'fairq.dead', 'fairq.retry.1'])(
    'is refused where it would catch others: "%s"',
    (prefix) => {
      expect(faultOfQueuePrefix(prefix, names)).toBe(/^$|[*?]/.test(prefix) ? 'no name' : 'taken');
    },
  );

  it('leaves 255 bytes for the whole name', () => {
    expect(prefixedQueueOf('ab', 'é'.repeat(126))).toHaveLength(128);
    expect(() => prefixedQueueOf('abc', `é${'é'.repeat(126)}`)).toThrow('257 bytes');
    expect(() => prefixedQueueOf('a', '')).toThrow('cannot be a user');
  });
});
