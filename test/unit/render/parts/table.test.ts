import fc from 'fast-check';
import { expect, test } from 'vitest';
import { safeText } from '../../../../src/render/parts/safe-text.js';
import { type Column, renderTable } from '../../../../src/render/parts/table.js';
import { textWidth } from '../../../../src/render/parts/text.js';
import { hostileName } from '../../../support/hostile-names.js';

const style = { columns: 80, color: false, unicode: true };
const columns: Column<[string, string]>[] = [
  { heading: 'user', text: ([user]) => user, align: 'left', shrinkTo: 8 },
  { heading: 'last\ndone', text: ([, last]) => last },
  { heading: 'a measure that is wide', text: () => 'x', dropOrder: 1 },
];

test('names stand to the left and numbers to the right', () => {
  const table = renderTable(
    columns.slice(0, 2),
    [
      ['A', '30,500'],
      ['tenant', '7'],
    ],
    style,
  );
  expect(table.split('\n')).toEqual(['user      last', '          done', 'A       30,500', 'tenant       7']);
});

test('a table that is too wide loses what matters least and says so', () => {
  const table = renderTable(columns, [['A', '30,500']], { ...style, columns: 30 });
  expect(table).not.toContain('x');
  expect(table).toContain('(too narrow for… that is wide)');
  expect(renderTable(columns, [['A', '30,500']], style)).not.toContain('too narrow');
});

test('a table that is still too wide shortens the names', () => {
  const table = renderTable(columns.slice(0, 2), [['customer-production-17', '1']], {
    ...style,
    columns: 20,
  });
  expect(table.split('\n')[2]).toBe('custome…ion-17     1');
});

test('a name that is typed again is never cut: it has a line of its own where it has no room', () => {
  const whole = columns.slice(0, 2).map((column) => ({ ...column, whole: true }));
  const rows: [string, string][] = [
    ['A', '7'],
    ['customer-production-17', '1'],
  ];
  expect(
    renderTable(whole, rows, { ...style, columns: 20 })
      .split('\n')
      .slice(2),
  ).toEqual(['A        7', 'customer-production-17', '         1']);
  expect(renderTable(whole, rows, style)).toContain('customer-production-17     1');
});

test('several columns that shorten share what room is left', () => {
  const both = columns.slice(0, 2).map((column) => ({ ...column, shrinkTo: 4 }));
  const table = renderTable(both, [['customer-production-17', '1234567890']], { ...style, columns: 24 });
  expect(table.split('\n')[2]).toBe('customer-…ction-17  12…0');
});

test('of many rows 200 are shown and the rest is counted', () => {
  const rows = Array.from({ length: 1234 }, (_, i): [string, string] => [`user${i}`, '1']);
  const lines = renderTable(columns, rows, style).split('\n');
  expect(lines).toHaveLength(2 + 200 + 1);
  expect(lines.at(-1)).toBe('… and 1,034 more (use --json for all)');
});

test('no line is wider than the terminal, whatever the names', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(hostileName, fc.constantFrom('1', '30,500'))),
      fc.integer({ min: 20, max: 90 }),
      fc.boolean(),
      (rows, width, unicode) => {
        const safe = rows.map(([name, value]): [string, string] => [safeText(name, unicode), value]);
        const table = renderTable(columns, safe, { columns: width, color: false, unicode });
        for (const line of table.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(width);
      },
    ),
  );
});
