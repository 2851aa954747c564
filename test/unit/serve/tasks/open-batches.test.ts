import { expect, it } from 'vitest';
import { OpenBatches } from '../../../../src/serve/tasks/open-batches.js';

it('batches are counted, of each user and in all', () => {
  const batches = new OpenBatches(3, 2);
  const leave = batches.enter('A');
  batches.enter('A');
  expect(() => batches.enter('A')).toThrow(expect.objectContaining({ status: 429 }));
  batches.enter('B');
  expect(() => batches.enter('C')).toThrow(expect.objectContaining({ status: 503 }));
  leave();
  batches.enter('C');
  expect(() => batches.enter('A')).toThrow(expect.objectContaining({ status: 503 }));
});
