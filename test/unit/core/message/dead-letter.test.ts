import { describe, expect, it } from 'vitest';
import {
  attemptsBefore,
  deadLetterHeaders,
  readDeadLetter,
  redriveHeaders,
  retryHeaders,
  waitLeft,
} from '../../../../src/core/message/dead-letter.js';
import { deadLetterFilter } from '../../../../src/core/message/dead-letter-filter.js';
import { decodeEnvelope } from '../../../../src/core/message/envelope.js';

/** Microseconds since the epoch. */
const SENT = 1_790_000_000_000_000;
const envelope = { user: 'A', run: 'r', sequence: 7, intendedAt: SENT - 100, sentAt: SENT, attempt: 2 };
const failed = { queue: 'fairq.user.A', envelope, startedAt: 5_000, endedAt: 6_000 };

describe('a failed task', () => {
  it('takes to its next attempt what it came with, where it came from, when it was first started and when it failed', () => {
    const before = { theirs: 'x' };
    const first = retryHeaders(before, failed);
    expect(first).toEqual({
      theirs: 'x',
      'x-fairq': expect.any(String),
      'x-fairq-queue': 'fairq.user.A',
      'x-fairq-first-start': 5_000,
      'x-fairq-last-end': 6_000,
    });
    expect(decodeEnvelope(first)).toEqual({ ...envelope, attempt: 3 });
    expect(retryHeaders(first, { ...failed, startedAt: 9_000 })['x-fairq-first-start']).toBe(5_000);
  });

  it('says as a dead letter why, how often, and when; in bounds', () => {
    const headers = deadLetterHeaders(undefined, failed, {
      reason: 'x'.repeat(9_999),
      stack: 's'.repeat(99_999),
    });
    const letter = readDeadLetter(headers);
    expect(letter).toMatchObject({ user: 'A', run: 'r', attempts: 2, firstStartAt: 5_000, lastEndAt: 6_000 });
    expect(letter.reason).toHaveLength(2_000);
    expect(letter.stack).toHaveLength(8_000);
  });

  it('is sent back without a word of its death, with its attempts to come', () => {
    const headers = deadLetterHeaders({ theirs: 1 }, failed, { reason: 'why' });
    const back = redriveHeaders(headers, 2);
    expect(Object.keys(back).sort()).toEqual(['theirs', 'x-fairq', 'x-fairq-attempts-before']);
    expect(attemptsBefore(back)).toBe(2);
  });

  it.each([undefined, {}, { 'x-fairq-attempts-before': -1 }, { 'x-fairq-attempts-before': '3' }])(
    'without sense in its headers has had no attempts before: %j',
    (headers) => expect(attemptsBefore(headers)).toBe(0),
  );
});

describe('the wait for the next attempt', () => {
  const headers = { 'x-fairq-last-end': SENT };

  it.each([
    [SENT, 2_000],
    [SENT + 1_500_100, 500],
    [SENT + 2_000_000, 0],
    [SENT + 9_000_000_000, 0],
  ])('counts from the failure: at %d there are %d ms left', (now, left) => {
    expect(waitLeft(headers, 2_000, now)).toBe(left);
  });

  it('is never longer than the delay, whatever the clock of the worker where it failed', () => {
    expect(waitLeft(headers, 2_000, SENT - 3_600_000_000)).toBe(2_000);
  });

  it.each([{}, { 'x-fairq-last-end': 'soon' }, { 'x-fairq-last-end': -1 }])(
    'is over where the time of the failure makes no sense: %j',
    (without) => expect(waitLeft(without, 2_000, SENT)).toBe(0),
  );
});

describe('a choice of dead letters', () => {
  const letter = readDeadLetter(deadLetterHeaders(undefined, failed, { reason: 'Exit code 7: no disk' }));

  it.each([
    [{}, true],
    [{ id: '1' }, true],
    [{ id: '2' }, false],
    [{ user: 'A*' }, true],
    [{ user: 'B' }, false],
    [{ run: 'r', reason: 'NO DISK' }, true],
    [{ run: 'q', reason: 'no disk' }, false],
  ])('by %j fits: %s', (selection, fits) => {
    expect(deadLetterFilter(selection)('1', letter)).toBe(fits);
  });

  it('by user leaves out who does not say whose it is', () => {
    expect(deadLetterFilter({ user: '*' })('1', readDeadLetter({}))).toBe(false);
  });
});
