import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeEnvelope,
  ENVELOPE_HEADER,
  encodeEnvelope,
  envelopeFault,
  firstSentAt,
} from '../../../../src/core/message/envelope.js';
import { decodeText } from '../../../../src/core/queues/names.js';

describe('the envelope', () => {
  it('comes back as it was written', () => {
    const natural = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
    const text = fc.string({ unit: 'binary', minLength: 1 }).filter((value) => value.isWellFormed());
    fc.assert(
      fc.property(
        fc.record({
          user: text,
          run: text,
          sequence: natural,
          sentAt: fc.integer({ min: 1_600_000_000_000_000, max: 1_900_000_000_000_000 }),
          attempt: fc.integer({ min: 1, max: 1_000_000 }),
        }),
        fc.nat(),
        (envelope, late) => {
          const whole = { ...envelope, intendedAt: envelope.sentAt - late };
          expect(decodeEnvelope({ [ENVELOPE_HEADER]: encodeEnvelope(whole) })).toEqual(whole);
        },
      ),
    );
  });

  it('is read from any headers without a throw', () => {
    const near = fc
      .array(fc.oneof(fc.constant('1'), fc.string(), fc.integer().map(String)))
      .map((parts) => parts.join(' '));
    fc.assert(
      fc.property(fc.oneof(fc.anything(), near), (value) => {
        const headers = { [ENVELOPE_HEADER]: value };
        const { sentAt, attempt } = decodeEnvelope(headers);
        const first = firstSentAt(headers);
        if (attempt === 1) expect(first).toBe(sentAt);
      }),
    );
  });

  it('has fields with one space between', () => {
    const number = fc.oneof(
      fc.nat().map(String),
      fc.constantFrom('', '0', '01', '1e3', '+1', '9'.repeat(17)),
    );
    const sent = fc.constantFrom('1795622400000000', '1', '9999999999999999', '17956224000000001', '');
    const texts = fc.tuple(
      fc.constantFrom('1', '2', ''),
      number,
      number,
      sent,
      number,
      fc.string(),
      fc.string(),
    );
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 9 }), (parts, count) => {
        const text = [...parts, 'more', 'still more'].slice(0, count).join(' ');
        const fields = text.split(' ');
        const isWhole = fields[0] === '1' && fields.length >= 7;
        const numberOf = (field = '') => (/^\d{1,16}$/.test(field) ? Number(field) : Number.NaN);
        const within = (value: number, least: number, most: number) =>
          isWhole && value >= least && value <= most ? value : undefined;
        const sentAt = within(numberOf(fields[3]), Date.UTC(2000, 0) * 1000, Date.UTC(2200, 0) * 1000);
        expect(decodeEnvelope({ [ENVELOPE_HEADER]: text })).toEqual({
          sequence: within(numberOf(fields[1]), 1, Number.MAX_SAFE_INTEGER),
          attempt: within(numberOf(fields[2]), 1, 1_000_000),
          sentAt,
          intendedAt:
            sentAt &&
            within(sentAt - numberOf(fields[4]), Date.UTC(2000, 0) * 1000, Date.UTC(2200, 0) * 1000),
          run: isWhole ? decodeText(fields[5]!) : undefined,
          user: (isWhole && decodeText(fields[6]!)) || undefined,
        });
      }),
    );
  });

  it('says when a task was sent that has never been tried', () => {
    const sentAt = 1_795_622_400_000_000;
    const of = (attempt: number) =>
      encodeEnvelope({ user: 'A', run: 'r', sequence: 7, attempt, sentAt, intendedAt: 0 });
    expect(firstSentAt({ [ENVELOPE_HEADER]: of(1) })).toBe(sentAt);
    expect(firstSentAt({ [ENVELOPE_HEADER]: of(2) })).toBeUndefined();
    expect(firstSentAt({ [ENVELOPE_HEADER]: `2 7 1 ${sentAt} 0 r A` })).toBeUndefined();
    expect(firstSentAt({ [ENVELOPE_HEADER]: '1 7 1 0 0 r A' })).toBeUndefined();
    expect(firstSentAt(undefined)).toBeUndefined();
  });

  it('holds each field only where it makes sense', () => {
    const found = decodeEnvelope({ [ENVELOPE_HEADER]: `1 -1 ${2 ** 53} yesterday 0 r %zz` });
    expect(found).toEqual({
      user: undefined,
      run: 'r',
      sequence: undefined,
      attempt: undefined,
      sentAt: undefined,
      intendedAt: undefined,
    });
  });

  it('of a message without it, or of a version to come, is empty', () => {
    expect(decodeEnvelope(undefined).user).toBeUndefined();
    expect(decodeEnvelope({ 'x-fairq-user': 'A' }).user).toBeUndefined();
    expect(decodeEnvelope({ [ENVELOPE_HEADER]: '2 1 1 1 0 r A' }).user).toBeUndefined();
  });
});

describe('what is wrong with an envelope', () => {
  const faultOf = (text: unknown) => {
    const headers = { [ENVELOPE_HEADER]: text };
    return envelopeFault(headers, decodeEnvelope(headers));
  };
  const sent = 1_795_622_400_000_000;

  it.each([
    [`1 1 1 ${sent} 0 r A`, undefined],
    [`1 1 1 ${sent} 0  A`, undefined],
    [`1 1 1 ${sent} 0 r A later`, undefined],
    [`1 0 2 ${sent} 0  A`, undefined],
    [`2 1 1 ${sent} 0 r A`, 'its version is not 1'],
    [`1 1 1 ${sent} 0 r`, 'it has 6 of 7 fields'],
    [`1 0x1 1 ${sent} 0 r A`, 'of its fields sequence make no sense'],
    [`1 1 0 ${sent} -5 r%2f A`, 'of its fields attempt, late, run make no sense'],
    [7, 'it is no text but of type number'],
  ])('is said of %j', (text, fault) => {
    if (fault === undefined) expect(faultOf(text)).toBeUndefined();
    else expect(faultOf(text)).toContain(fault);
  });

  it('is nothing where there is none', () => {
    expect(envelopeFault({}, decodeEnvelope({}))).toBeUndefined();
  });
});
