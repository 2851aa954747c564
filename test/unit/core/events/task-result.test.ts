import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorLine, readResultLine, valueLine } from '../../../../src/core/events/task-result.js';
import { keptValue } from '../../../../src/run/worker/outcomes/kept-value.js';
import { FUZZ, FUZZ_TIMEOUT_MS, hostileJson, nearly } from '../../../support/hostile-values.js';
import { taskEvent } from '../../../support/synthetic-run.js';

const event = taskEvent({ id: 'an "id"', user: 'A', finished: 5 });

function roundTrip(value: unknown, mostBytes = 1_000) {
  const kept = keptValue(value, mostBytes);
  return kept && readResultLine(valueLine(event, event.finished + 1, kept));
}

describe('a kept result', () => {
  it('comes back as JSON has it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const back = roundTrip(value, 1e6);
        expect(back?.value).toEqual(JSON.parse(JSON.stringify(value)));
        expect(back).toMatchObject({ id: 'an "id"', attempt: 1, outcome: 'done', finished: event.finished });
      }),
    );
  });

  it('is one line, whatever the value holds', () => {
    const kept = keptValue('a\nb\u2028c', 100)!;
    expect(valueLine(event, event.finished, kept).split('\n')).toHaveLength(1);
  });

  it('of bytes is a text where they are UTF-8, and base64 where they are not', () => {
    expect(roundTrip(Buffer.from('\ufeffgrün'))?.value).toBe('\ufeffgrün');
    expect(roundTrip(Uint8Array.from([0xff, 0]))).toMatchObject({ base64: '/wA=' });
  });

  it('is dropped above the limit, by its bytes as JSON', () => {
    expect(roundTrip('xxxxxxxx', 10)?.value).toBe('xxxxxxxx');
    expect(roundTrip('xxxxxxxxx', 10)?.dropped).toContain('more than 10 bytes');
    expect(roundTrip('üüüüü', 10)?.dropped).toContain('more than 10 bytes');
    expect(roundTrip(Buffer.alloc(11), 10)?.dropped).toContain('more than 10 bytes');
    expect(roundTrip(Buffer.alloc(10), 10)?.dropped).toContain('more than 10 bytes'); // as JSON: \u0000
  });

  it('is none for undefined, and a reason for what JSON has no form for', () => {
    expect(keptValue(undefined, 10)).toBeUndefined();
    expect(roundTrip(Symbol('x'))?.dropped).toContain('a symbol');
    const throwing = {
      toJSON() {
        throw new Error('not me\nat all');
      },
    };
    expect(roundTrip(throwing)?.dropped).toBe('it is not JSON: not me');
    expect(roundTrip([1, Number.NaN])?.dropped).toBe('it is not JSON: NaN is no JSON number');
    expect(roundTrip({ seen: new Map([[1, 2]]) })?.dropped).toBe('it is not JSON: JSON has no Map');
    expect(roundTrip({ bytes: new Float64Array(1) })?.dropped).toBe(
      'it is not JSON: JSON has no Float64Array',
    );
    expect(roundTrip(new Error('x'))?.dropped).toBe('it is not JSON: JSON has no Error');
    expect(roundTrip(Uint8Array.from([104, 105]).buffer)?.value).toBe('hi');
    expect(roundTrip({ at: new Date(0) })?.value).toEqual({ at: '1970-01-01T00:00:00.000Z' });
  });

  it('of a failure is the reason, cut, and when it is tried again', () => {
    const line = errorLine({ ...event, outcome: 'retrying' }, event.finished, 'x'.repeat(5_000), 250);
    const back = readResultLine(line);
    expect(back).toMatchObject({ outcome: 'retrying', retryAfterMs: 250 });
    expect(back?.error).toHaveLength(2_000);
    expect(readResultLine(errorLine(event, event.finished, 'x', undefined))).not.toHaveProperty(
      'retryAfterMs',
    );
  });

  it(
    'that anybody writes is read as one that makes sense, or not at all',
    () => {
      const near = nearly({
        id: 'x',
        attempt: 1,
        outcome: 'done',
        finished: 1_790_000_000_000_000,
        expires: 1_790_000_000_000_001,
        value: 3,
        error: 'e',
        retryAfterMs: 1,
      });
      fc.assert(
        fc.property(
          fc.oneof({ weight: 4, arbitrary: near }, { weight: 1, arbitrary: hostileJson }),
          (line) => {
            const result = readResultLine(line);
            if (result === undefined) return;
            const { id, attempt, finished, expires, error, retryAfterMs } = result;
            const times = [finished, expires].every((time) => Number.isInteger(time) && time >= 0);
            const texts = typeof id === 'string' && (error === undefined || typeof error === 'string');
            const waits = retryAfterMs === undefined || retryAfterMs >= 0;
            if (!(times && texts && waits && Number.isInteger(attempt) && attempt > 0))
              expect.unreachable(line);
          },
        ),
        FUZZ,
      );
    },
    FUZZ_TIMEOUT_MS,
  );
});
