import { describe, expect, it } from 'vitest';
import { givenUpLine, readEventLine } from '../../../../src/core/events/event-line.js';
import { decodeGivenUp, encodeGivenUp, type GivenUpAttempt } from '../../../../src/core/events/given-up.js';
import { EPOCH } from '../../../support/synthetic-run.js';

const attempt: GivenUpAttempt = {
  id: 'task-1',
  user: 'A',
  run: 'friday',
  attempt: 2,
  worker: 'w1',
  started: EPOCH,
  freeFrom: EPOCH + 10,
  finished: null,
};

describe('an attempt that was given up', () => {
  it('is read as it was written', () => {
    const attempts = [attempt, { ...attempt, id: 'task-2', finished: EPOCH + 20 }];
    expect(decodeGivenUp(encodeGivenUp('w1', attempts))).toEqual(attempts);
  });

  it('is in a saved run as in the stream', () => {
    expect(readEventLine(givenUpLine(attempt))).toEqual({ kind: 'given-up', attempt });
  });

  it.each([
    ['no JSON', 'so'],
    ['another version', JSON.stringify({ v: 2, worker: 'w1', attempts: [] })],
    ['no worker', JSON.stringify({ v: 1, attempts: [] })],
    ['no attempts', JSON.stringify({ v: 1, worker: 'w1' })],
    ['an attempt that is none', JSON.stringify({ v: 1, worker: 'w1', attempts: [null] })],
    [
      'a time that is none',
      JSON.stringify({ v: 1, worker: 'w1', attempts: [{ ...attempt, started: 'now' }] }),
    ],
    ['no end', JSON.stringify({ v: 1, worker: 'w1', attempts: [{ ...attempt, finished: undefined }] })],
  ])('is not read from %s', (_, body) => {
    expect(decodeGivenUp(body)).toBeUndefined();
  });
});
