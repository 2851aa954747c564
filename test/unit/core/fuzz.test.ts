import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCompletions, decodeRunRecord } from '../../../src/core/events/event-codec.js';
import { decodeEnvelope, ENVELOPE_HEADER } from '../../../src/core/message/envelope.js';
import {
  FUZZ,
  FUZZ_TIMEOUT_MS,
  hostileDigits,
  hostileJson,
  hostileNumber,
  nearly,
} from '../../support/hostile-values.js';

const IN_2200 = Date.UTC(2200, 0) * 1000;

function isNatural(value: number | undefined, most: number, least = 1): boolean {
  return value === undefined || (Number.isInteger(value) && value >= least && value <= most);
}

/** `expect` a hundred thousand times is slow: it is asked only where something is wrong. */
function check(holds: boolean, what: unknown): void {
  if (!holds) expect.unreachable(JSON.stringify(what));
}

describe('whatever anybody sends', () => {
  it(
    'as an envelope is read as fields that make sense, or none',
    () => {
      const near = fc
        .tuple(
          fc.constantFrom('1', '1', '1', '2', ''),
          ...[hostileDigits, hostileDigits, hostileDigits, hostileDigits],
          fc.oneof(fc.constantFrom('r', '%zz', '%00', '%C3', ''), fc.string()),
          fc.oneof(fc.constantFrom('A', '%2e', '%F0%9F%92%A5', '%ED%A0%80', ''), fc.string()),
        )
        .map((fields) => fields.join(' '));
      const value = fc.oneof({ weight: 4, arbitrary: near }, { weight: 1, arbitrary: fc.anything() });
      fc.assert(
        fc.property(value, (header) => {
          const found = decodeEnvelope({ [ENVELOPE_HEADER]: header });
          const { user, run, sequence, attempt, sentAt, intendedAt } = found;
          const in2000 = Date.UTC(2000, 0) * 1000;
          check(isNatural(attempt, 1_000_000), found);
          check(isNatural(sequence, Number.MAX_SAFE_INTEGER), found);
          check(isNatural(sentAt, IN_2200, in2000) && isNatural(intendedAt, IN_2200, in2000), found);
          check(intendedAt === undefined || (sentAt !== undefined && intendedAt <= sentAt), found);
          check(
            user === undefined || (typeof user === 'string' && user !== '' && user.isWellFormed()),
            found,
          );
          check(run === undefined || (typeof run === 'string' && run.isWellFormed()), found);
        }),
        FUZZ,
      );
    },
    FUZZ_TIMEOUT_MS,
  );

  it.each(['-1', '0', '01e3', '1e3', '0x10', '1.5', ' 1', '+1', 'NaN', `${2 ** 53}`, '1000001'])(
    'an attempt of %j is none',
    (attempt) => {
      const header = `1 7 ${attempt} 1790000000000000 0 r A`;
      expect(decodeEnvelope({ [ENVELOPE_HEADER]: header })).toMatchObject({
        attempt: undefined,
        sequence: 7,
      });
    },
  );

  it.each(['1', '0', '-1790000000000000', '9007199254740991', '17900000000000001'])(
    'a send time of %j is none',
    (sentAt) => {
      const header = `1 7 1 ${sentAt} 0 r A`;
      expect(decodeEnvelope({ [ENVELOPE_HEADER]: header })).toMatchObject({
        sentAt: undefined,
        intendedAt: undefined,
      });
    },
  );

  it('a user or a run that no queue could be named after is none', () => {
    const header = `1 7 1 1790000000000000 0 ${'r'.repeat(60_000)} ${'A'.repeat(60_000)}`;
    expect(decodeEnvelope({ [ENVELOPE_HEADER]: header })).toMatchObject({ user: undefined, run: undefined });
  });

  it(
    'as completions is read as events that make sense, or not at all',
    () => {
      const near = nearly({
        v: 1,
        worker: 'w',
        users: ['A'],
        runs: ['r'],
        base: 1_790_000_000_000_000,
        id: ['x'],
        user: [0],
        run: [0],
        seq: [1],
        attempt: [1],
        outcome: [0],
        enqueued: [0],
        waited: [5],
        took: [7],
        redelivered: [0],
      });
      fc.assert(
        fc.property(
          fc.oneof({ weight: 4, arbitrary: near }, { weight: 1, arbitrary: hostileJson }),
          (body) => {
            for (const event of decodeCompletions(body) ?? []) {
              const { id, user, run, worker, sequence, attempt, enqueued, started, finished } = event;
              check(
                [id, user, run, worker].every((text) => typeof text === 'string'),
                event,
              );
              check(isNatural(attempt, 1_000_000) && attempt !== undefined, event);
              check(isNatural(sequence, Number.MAX_SAFE_INTEGER, 0), event);
              check(
                [enqueued, started, finished].every((time) => isNatural(time, IN_2200, 0)),
                event,
              );
              check(typeof event.outcome === 'string' && typeof event.redelivered === 'boolean', event);
            }
          },
        ),
        FUZZ,
      );
    },
    FUZZ_TIMEOUT_MS,
  );

  it(
    'as a run record is read as one that makes sense, or not at all',
    () => {
      const near = nearly({
        v: 1,
        run: 'r',
        record: 'x.0',
        started: 1_790_000_000_000_000,
        finished: 1_790_000_000_000_001,
        tasks: [['A', 3]],
      });
      const entries = fc
        .array(fc.tuple(fc.string(), hostileNumber))
        .map((tasks) => JSON.stringify({ v: 1, run: 'r', record: 'x', started: 1, finished: 2, tasks }));
      fc.assert(
        fc.property(fc.oneof(near, near, entries, hostileJson), (body) => {
          const record = decodeRunRecord(body);
          if (record === undefined) return;
          check(typeof record.run === 'string' && typeof record.record === 'string', record);
          check(isNatural(record.started, IN_2200, 0) && isNatural(record.finished, IN_2200, 0), record);
          for (const [user, count] of record.tasks) {
            check(typeof user === 'string' && isNatural(count, Number.MAX_SAFE_INTEGER, 0), record);
          }
        }),
        FUZZ,
      );
    },
    FUZZ_TIMEOUT_MS,
  );
});
