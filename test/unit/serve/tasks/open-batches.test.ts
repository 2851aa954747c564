import { expect, it } from 'vitest';
import { openBatches } from '../../../../src/serve/tasks/open-batches.js';

it('batches are counted, of each user and in all', () => {
  const batches = openBatches(3, 2);
  const leave = batches.open('A');
  batches.open('A');
  expect(() => batches.open('A')).toThrow(expect.objectContaining({ status: 429 }));
  batches.open('B');
  expect(() => batches.open('C')).toThrow(expect.objectContaining({ status: 503 }));
  leave();
  batches.open('C');
  expect(() => batches.open('A')).toThrow(expect.objectContaining({ status: 503 }));
});
