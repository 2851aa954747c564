import { expect, it } from 'vitest';
import { grantQueuesOf } from '../../../../src/core/policy/grant-queues.js';
import { namesFor } from '../../../../src/core/queues/names.js';

const names = namesFor('fairq');

it('names the queues after the user', () => {
  expect(grantQueuesOf(names, 'user', 'a b')).toEqual({
    permits: 'fairq.permits.a%20b',
    tokens: 'fairq.tokens.a%20b',
  });
});

it('leaves room for the lock where the name of the user is as long as it may be, and keeps users apart', () => {
  const all = ['x', 'y'].flatMap((last) => {
    const { permits, tokens } = grantQueuesOf(names, 'user', 'L'.repeat(243) + last);
    return [permits, tokens];
  });
  for (const queue of all) expect(queue.replace('fairq.', 'fairq.lock.').length).toBeLessThanOrEqual(255);
  expect(new Set(all).size).toBe(4);
});
