import fc from 'fast-check';
import { expect, test } from 'vitest';
import { safeText } from '../../../../src/render/parts/safe-text.js';
import { fitText, padRight, textWidth, wrapParts, wrapText } from '../../../../src/render/parts/text.js';
import { hostileName, unsafeIn } from '../../../support/hostile-names.js';

test('a plain name is shown as it is', () => {
  expect(safeText('tenant-7@example.com')).toBe('tenant-7@example.com');
  expect(safeText('Zoë 漢字 😀')).toBe('Zoë 漢字 😀');
});

test('what a terminal would obey is shown and not sent', () => {
  expect(safeText('\u001b[2J\nB\u202e')).toBe('\\u{1b}[2J\\u{a}B\\u{202e}');
  expect(safeText('\ud800')).toBe('\\u{d800}');
});

test('without unicode only ASCII is left', () => {
  expect(safeText('Zoë', false)).toBe('Zo\\u{eb}');
  fc.assert(
    fc.property(hostileName, (name) => {
      expect(safeText(name, false)).toMatch(/^[ -~]*$/);
    }),
  );
});

test('no hostile name gets through', () => {
  fc.assert(
    fc.property(hostileName, (name) => {
      expect(unsafeIn(safeText(name))).toBeUndefined();
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      expect(unsafeIn(safeText(name))).toBeUndefined();
    }),
  );
});

test.each([
  ['abc', 3],
  ['é', 1],
  ['e\u0301', 1],
  ['漢字', 4],
  ['한글', 4],
  ['😀', 2],
  ['👍🏽', 2],
  ['🇩🇪', 2],
  ['❤️', 2],
  ['ש', 1],
  ['█◂…·', 4],
])('%s is so many columns wide: %i', (text, columns) => {
  expect(textWidth(text)).toBe(columns);
});

test('a long name keeps its beginning and its end', () => {
  expect(fitText('customer-production-eu-17', 12, true)).toBe('custom…eu-17');
  expect(fitText('customer-production-eu-17', 12, false)).toBe('custo...u-17');
  expect(fitText('漢字漢字漢字', 8, true)).toBe('漢字…字');
});

test('a fitted text is never wider than asked, and what fits is left alone', () => {
  fc.assert(
    fc.property(hostileName, fc.nat(20), fc.boolean(), (name, columns, unicode) => {
      const text = safeText(name, unicode);
      const fitted = fitText(text, columns, unicode);
      expect(textWidth(fitted)).toBeLessThanOrEqual(columns);
      if (textWidth(text) <= columns) expect(fitted).toBe(text);
      expect(textWidth(padRight(fitted, columns))).toBe(columns);
    }),
  );
});

test('text wraps at spaces, and parts stay whole', () => {
  const style = { columns: 10, color: false, unicode: true };
  expect(wrapText('one two three four', style)).toEqual(['one two', 'three four']);
  expect(wrapParts(['a b', 'c d', 'e f'], '   ', style)).toEqual(['a b   c d', 'e f']);
  expect(wrapText('abcdefghijklmnop x', style)).toEqual(['abcdefghijklmnop', 'x']);
  expect(wrapParts(['abcdefghijklmnop', 'x'], '  ', style)).toEqual(['abcde…mnop', 'x']);
});

test('no wrapped line is too wide, unless it is one word', () => {
  fc.assert(
    fc.property(hostileName, fc.integer({ min: 1, max: 30 }), (name, columns) => {
      const lines = wrapText(safeText(name), { columns, color: false, unicode: true });
      for (const line of lines.filter((line) => line.includes(' ')))
        expect(textWidth(line)).toBeLessThanOrEqual(columns);
      expect(lines.join(' ')).toBe(safeText(name));
    }),
  );
});
