import { expect, test } from 'vitest';
import { clockScale } from '../../../../src/render/html/scales.js';

const at = (time: string) => Date.parse(time) * 1_000;
const labels = (begin: string, seconds: number) =>
  clockScale(at(begin), seconds, 0, 100).ticks.map(({ label }) => label);

test('marks stand at round times of the day, and the first says which day', () => {
  expect(labels('2026-11-26T14:03:20Z', 900)).toEqual(['11-26 14:05', ...['14:10', '14:15']]);
  expect(labels('2026-11-26T14:05:09.400Z', 12)).toEqual([
    '11-26 14:05:10',
    ...['14:05:12', '14:05:14', '14:05:16', '14:05:18', '14:05:20'],
  ]);
});

test('a new day is said where it begins', () => {
  expect(labels('2026-12-31T21:10:00Z', 5 * 3_600)).toEqual([
    '12-31 22:00',
    ...['23:00', '01-01 00:00', '01:00', '02:00'],
  ]);
});

test('a mark stands where its time is', () => {
  const { at: place, ticks } = clockScale(at('2026-11-26T14:00:30Z'), 120, 0, 120);
  expect(place(60)).toBe(60);
  expect(ticks.map(({ at }) => at)).toEqual([0, 30, 60, 90, 120]);
});

test('weeks have a mark for some days, and a moment is not without an axis', () => {
  expect(labels('2026-11-01T12:00:00Z', 14 * 86_400)).toHaveLength(7);
  expect(labels('2026-11-26T14:05:09Z', 0)).toEqual(['11-26 14:05:09', '14:05:10']);
});
