import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeTask, etaOf } from '../../../../src/core/celery/decode-task.js';
import { NonRetryableError } from '../../../../src/core/message/non-retryable-error.js';

const at = (iso: string) => Date.parse(iso) * 1000;

describe('a time of Celery', () => {
  it.each([
    ['2026-11-25T03:00:00.123456+00:00', at('2026-11-25T03:00:00Z') + 123_456],
    ['2026-11-25T03:00:00+05:30', at('2026-11-24T21:30:00Z')],
    ['2026-11-25T03:00:00', at('2026-11-25T03:00:00Z')],
    ['2026-11-25 03:00:00.5Z', at('2026-11-25T03:00:00Z') + 500_000],
  ])('%s is understood to the microsecond, and is UTC where it does not say', (eta, micros) => {
    expect(etaOf({ eta })).toBe(micros);
  });

  it.each([null, undefined, '', 'soon', 7, '2026-13-45T99:00:00', '1970-01-01T00:00:00Z'])(
    '%s is none',
    (eta) => {
      expect(etaOf({ eta })).toBeUndefined();
    },
  );
});

describe('a message', () => {
  it('says in its headers what it is, or in its body as the older clients have it', () => {
    const call = { args: [1], kwargs: { a: 2 } };
    expect(decodeTask({ task: 't', expires: null }, [[1], { a: 2 }, null])).toMatchObject({
      name: 't',
      ...call,
    });
    expect(decodeTask({}, { task: 't', id: '1', ...call, chord: null, callbacks: [] })).toMatchObject({
      name: 't',
      ...call,
    });
    expect(decodeTask(undefined, { task: 't' })).toMatchObject({ name: 't', args: [], kwargs: {} });
  });

  it('of whatever make is a task, or is refused with a reason', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.anything()), fc.jsonValue(), (headers, body) => {
        try {
          const { name, args, kwargs } = decodeTask(headers, body);
          expect([typeof name, Array.isArray(args), typeof kwargs]).toEqual(['string', true, 'object']);
        } catch (error) {
          expect(error).toBeInstanceOf(NonRetryableError);
        }
      }),
    );
  });
});
