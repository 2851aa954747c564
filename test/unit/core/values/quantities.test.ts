import { describe, expect, it } from 'vitest';
import { parseBytes, parseCount, parseDuration, parseRate } from '../../../../src/core/values/quantities.js';

describe('quantities on the command line', () => {
  it.each([
    ['5ms', 5],
    ['1.5s', 1500],
    ['30m', 1_800_000],
    ['2h', 7_200_000],
    ['250us', 0.25],
  ])('the duration %s is %d ms', (text, ms) => {
    expect(parseDuration(text, '--duration')).toBe(ms);
  });

  it.each(['', '5', 'ms', '-5ms', '5 minutes', '1e3s', 'toString'])(
    '%j is no duration, and the error says what is',
    (text) => {
      expect(() => parseDuration(text, '--duration')).toThrow(/--duration: .* is not a duration/);
    },
  );

  it.each(['-1', '0', '1.5', '1e3', '', 'ten', '10000000000'])('%j is no count', (text) => {
    expect(() => parseCount(text, '--count')).toThrow('--count');
  });

  it.each([
    ['500', 500],
    ['500/s', 500],
    ['30/m', 0.5],
    ['3600/h', 1],
  ])('the rate %s is %d a second', (text, rate) => {
    expect(parseRate(text, '--rate')).toBe(rate);
  });

  it.each(['0', '-5/s', 'fast', '5/d', ''])('%j is no rate', (text) => {
    expect(() => parseRate(text, '--rate')).toThrow('is not a rate');
  });

  it.each([
    ['128', 128],
    ['4k', 4096],
    ['1MiB', 1_048_576],
    ['0', 0],
  ])('the size %s is %d bytes', (text, bytes) => {
    expect(parseBytes(text, '--size')).toBe(bytes);
  });

  it.each(['17MiB', '-1', 'k', '1t', '1 constructor'])('%j is no size', (text) => {
    expect(() => parseBytes(text, '--size')).toThrow('is not a size');
  });
});
