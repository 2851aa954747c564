import { expect, it } from 'vitest';
import { deferred } from '../../../../src/core/values/deferred.js';

it('is settled from outside, and once', async () => {
  const answer = deferred<string>();
  answer.resolve('first');
  answer.resolve('second');
  answer.reject(new Error('too late'));
  expect(await answer.promise).toBe('first');

  const failed = deferred<never>();
  failed.reject(new Error('lost'));
  await expect(failed.promise).rejects.toThrow('lost');
});
