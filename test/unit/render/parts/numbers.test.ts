import { expect, test } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatRate,
  formatShare,
  formatTasks,
} from '../../../../src/render/parts/numbers.js';

test('thousands are set apart by commas', () => {
  expect([0, 999, 30_500, 1_000_000].map(formatCount)).toEqual(['0', '999', '30,500', '1,000,000']);
});

test('one task is not tasks', () => {
  expect([0, 1, 2000].map(formatTasks)).toEqual(['0 tasks', '1 task', '2,000 tasks']);
});

test('a slow rate has a decimal and a fast one has not', () => {
  expect([0.34, 12, 99.94, 99.96, 52_300].map(formatRate)).toEqual([
    '0.3/s',
    '12.0/s',
    '99.9/s',
    '100/s',
    '52,300/s',
  ]);
});

test.each([
  [0, '0 ms'],
  [0.004, '<0.1 ms'],
  [0.4, '0.4 ms'],
  [9.94, '9.9 ms'],
  [9.96, '10 ms'],
  [350, '350 ms'],
  [999.4, '999 ms'],
  [999.6, '1.0 s'],
  [1234, '1.2 s'],
  [59_949, '59.9 s'],
  [59_960, '1 min'],
  [125_000, '2 min 5 s'],
  [3_599_600, '1 h'],
  [12_000_000, '3 h 20 min'],
  [86_399_000, '1 d'],
  [187_200_000, '2 d 4 h'],
])('%d milliseconds read %s', (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});

test('bytes go by 1,024 and never read 1,024.0 of a unit', () => {
  expect([512, 1024, 25_480_397, 1024 ** 2 - 1, 1024 ** 5 * 3].map(formatBytes)).toEqual([
    '512 B',
    '1.0 KiB',
    '24.3 MiB',
    '1.0 MiB',
    '3,072.0 TiB',
  ]);
});

test('a share is shown in hundredths', () => {
  expect([0, 0.498, 1].map(formatShare)).toEqual(['0.0 %', '49.8 %', '100.0 %']);
});
