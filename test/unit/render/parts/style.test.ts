import { expect, test } from 'vitest';
import { LANE_TONES, paint } from '../../../../src/render/parts/style.js';

test('without colour a text stays as it is', () => {
  expect(paint('alarm', 'MISSING', { color: false })).toBe('MISSING');
});

test('a colour ends where the text ends', () => {
  expect(paint('alarm', 'MISSING', { color: true })).toBe('\u001b[1;31mMISSING\u001b[22;39m');
  expect(paint('cyan', '', { color: true })).toBe('');
});

test('neighbouring lanes differ in colour', () => {
  const painted = LANE_TONES.map((tone) => paint(tone, 'x', { color: true }));
  expect(new Set(painted).size).toBe(LANE_TONES.length);
});
