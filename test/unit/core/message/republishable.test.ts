import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  LEFT_OUT_HEADER,
  republishableHeaders,
  republishableText,
  republishableTimestamp,
} from '../../../../src/core/message/republishable.js';
import { hostileNumber } from '../../../support/hostile-values.js';

describe('what a message carries on to another queue', () => {
  it('is what it came with', () => {
    const headers = {
      text: 'a',
      yes: true,
      small: 1,
      large: 2 ** 60,
      half: 0.5,
      none: null,
      bytes: Buffer.from([0, 255]),
      list: [1, ['x'], {}],
      table: { a: { b: 'c' } },
      at: { '!': 'timestamp', value: 1_790_000_000 },
    };
    expect(republishableHeaders(headers)).toEqual(headers);
    expect(republishableHeaders(undefined)).toEqual({});
  });

  it('has integers of 16 bits as those of 32, since Python reads the others as texts', () => {
    const wide = (value: number) => ({ '!': 'int32', value });
    const headers = { timelimit: [300, null], deep: { a: -129 }, ends: [127, 128, 32_767, 32_768, -128] };
    expect(republishableHeaders(headers)).toEqual({
      timelimit: [wide(300), null],
      deep: { a: wide(-129) },
      ends: [127, wide(128), wide(32_767), 32_768, -128],
    });
  });

  it.each([
    ['NaN', Number.NaN],
    ['Infinity', Number.NEGATIVE_INFINITY],
    ['a type of its own', { '!': 'void', value: 1 }],
    ['a time beyond all times', { '!': 'timestamp', value: 2 ** 64 }],
    ['the same further down', { list: [{ table: { '!': 'x' } }] }],
    ['60 kB of text', 'x'.repeat(60_000)],
    ['a name that has grown', { ['\ufffd'.repeat(255)]: 1 }],
  ])('leaves out what cannot be sent again, and says so: %s', (_, odd) => {
    expect(republishableHeaders({ odd, other: 'kept' })).toEqual({ other: 'kept', [LEFT_OUT_HEADER]: 'odd' });
  });

  it('is never more than fits beside a reason', () => {
    const value = fc.oneof(
      fc.anything({ maxDepth: 3 }),
      hostileNumber,
      fc.string({ unit: 'binary', minLength: 3_000, maxLength: 9_000 }),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string({ maxLength: 300 }), value), (headers) => {
        const kept = republishableHeaders(headers);
        for (const name of Object.keys(kept)) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
        const texts = Object.values(kept).filter((item) => typeof item === 'string');
        expect(Buffer.byteLength(texts.join(''))).toBeLessThan(26_000);
      }),
      { numRuns: 200 },
    );
  });

  it('has a name and a time only where they fit', () => {
    expect(republishableText('\ufffd'.repeat(85))).toBe('\ufffd'.repeat(85));
    expect(republishableText('\ufffd'.repeat(86))).toBeUndefined();
    expect(republishableText(7)).toBeUndefined();
    expect(republishableTimestamp(1_790_000_000)).toBe(1_790_000_000);
    expect(republishableTimestamp(2 ** 64)).toBeUndefined();
  });
});
