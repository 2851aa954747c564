import { expect, it } from 'vitest';
import { ConnectionClosed } from '../../../../src/broker/connection/connection.js';
import { FirstFailure } from '../../../../src/run/worker/first-failure.js';

it('what is asked of a connection that the worker has closed is no failure; of others the first counts', async () => {
  const failure = new FirstFailure();
  failure.fail(new ConnectionClosed());
  failure.fail(new Error('the first'));
  failure.fail(new Error('the second'));
  await expect(failure.promise).rejects.toThrow('the first');
});
