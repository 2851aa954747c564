import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  readTraceContext,
  readTraceparent,
  traceContextIn,
} from '../../../../src/core/message/trace-context.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const PARENT = `00-${TRACE}-${SPAN}-01`;

describe('a traceparent', () => {
  it.each([PARENT, `00-${TRACE}-${SPAN}-00`, `00-${TRACE}-${SPAN}-ff`])('is taken as it is: %s', (text) => {
    expect(readTraceparent(text)).toBe(text);
  });

  it.each([`cc-${TRACE}-${SPAN}-01`, `cc-${TRACE}-${SPAN}-09-what-the-future-will-be-like`])(
    'of a later version is read as one of version 00: %s',
    (text) => {
      expect(readTraceparent(text)).toBe(PARENT);
    },
  );

  it.each([
    ['nothing', ''],
    ['another text', 'abc'],
    ['capital letters', PARENT.toUpperCase()],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['a version that is none', `ff-${TRACE}-${SPAN}-01`],
    ['more than version 00 has', `${PARENT}-more`],
    ['an end that begins with no dash', `cc-${TRACE}-${SPAN}-01.more`],
    ['an end without end', `cc-${TRACE}-${SPAN}-01-${'x'.repeat(300)}`],
    ['a line break after it', `${PARENT}\n`],
    ['a line break in a later version', `cc-${TRACE}-${SPAN}-01-a\nb`],
    ['a space before it', ` ${PARENT}`],
    ['two of them', `${PARENT}, ${PARENT}`],
    ['a number', 7],
    ['bytes', new Uint8Array(55)],
    ['a table', { toString: () => PARENT }],
    ['null', null],
  ])('that is %s is none', (_, value) => {
    expect(readTraceparent(value)).toBeUndefined();
    expect(readTraceContext(value, 'a=b')).toBeUndefined();
    expect(traceContextIn({ traceparent: value, tracestate: 'a=b' })).toBeUndefined();
  });

  it('is 55 characters of hexadecimal digits and dashes, whatever is given', () => {
    const part = fc.oneof(fc.constantFrom('00', 'cc', 'ff', TRACE, SPAN, '01', '-', 'x'), fc.string());
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), fc.constantFrom('-', ''), (parts, between) => {
        const read = readTraceparent(parts.join(between));
        if (read !== undefined) expect(read).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);
      }),
    );
  });
});

describe('a tracestate', () => {
  it.each([
    ['congo=t61rcWkgMzE,rojo=00f067aa0ba902b7', undefined],
    ['a=1 , b=2,\t, c@d=3', 'a=1,b=2,c@d=3'],
    ['0tenant@vendor=x:1', undefined],
    ['a=with spaces inside', undefined],
  ])('is carried beside it: %s', (text, written = text) => {
    expect(readTraceContext(PARENT, text)).toEqual({ traceparent: PARENT, tracestate: written });
  });

  it.each([
    ['nothing', ''],
    ['members without an equals sign', 'a'],
    ['no key', '=1'],
    ['no value', 'a='],
    ['a key in capital letters', 'A=1'],
    ['a value with an equals sign', 'a=1=2'],
    ['a key twice', 'a=1,a=2'],
    ['33 members', Array.from({ length: 33 }, (_, i) => `k${i}=1`).join(',')],
    ['more than 512 characters', `a=${'x'.repeat(250)},b=${'x'.repeat(250)},c=${'x'.repeat(250)}`],
    ['a line break', 'a=1\r\nSet-Cookie: b=2'],
    ['no ASCII', 'a=ü'],
    ['a number', 7],
  ])('that is %s is left out, and its traceparent is not', (_, value) => {
    expect(readTraceContext(PARENT, value)).toEqual({ traceparent: PARENT });
  });
});

describe('the headers of a message', () => {
  it('say it or do not', () => {
    expect(traceContextIn(undefined)).toBeUndefined();
    expect(traceContextIn({ tracestate: 'a=1' })).toBeUndefined();
    expect(traceContextIn({ traceparent: PARENT, tracestate: 'a=1' })).toEqual({
      traceparent: PARENT,
      tracestate: 'a=1',
    });
  });
});
