import { describe, expect, it } from 'vitest';
import { FairqError } from '../../../../src/core/errors/errors.js';
import {
  parseBytes,
  parseCount,
  parseDuration,
  parseDurationRange,
  parseDurationUpTo,
  parseRate,
} from '../../../../src/core/values/quantities.js';

/** What it throws, with the hint. */
function refusalOf(parse: () => unknown): string {
  try {
    parse();
    return 'none';
  } catch (error) {
    return error instanceof FairqError ? `${error.message} | ${error.hint}` : 'another';
  }
}

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

  it.each(['', '5', 'ms', '-5ms', '5 minutes', '1e3s', 'toString', `${'9'.repeat(400)}ms`])(
    '%j is no duration, and the error says what is',
    (text) => {
      expect(() => parseDuration(text, '--duration')).toThrow(/--duration: .* is not a duration/);
    },
  );

  it('have bounds, and the hint says them', () => {
    expect(refusalOf(() => parseDurationUpTo('2h', '--move-time', '1h'))).toBe(
      '--move-time: 2h is longer than 1h | Give --move-time a time from 0ms to 1h.',
    );
    expect(parseDurationUpTo('60m', '--move-time', '1h')).toBe(3_600_000);
    expect(refusalOf(() => parseCount('65', '--workers', 1, 64))).toBe(
      '--workers: "65" is not a whole number from 1 to 64 | Give --workers a number from 1 to 64.',
    );
    expect(refusalOf(() => parseCount('x', '--workers', 1, 4))).toMatch(/as digits only, such as 4\.$/);
  });

  it('a span of time has a shorter end and a longer one', () => {
    expect(parseDurationRange('5ms', '--duration')).toEqual({ least: 5, most: 5 });
    expect(parseDurationRange('5ms .. 1s', '--duration')).toEqual({ least: 5, most: 1_000 });
    expect(refusalOf(() => parseDurationRange('10ms..5ms', '--duration'))).toBe(
      '--duration: 10ms is longer than 5ms | Write the shorter time first: 5ms..10ms.',
    );
    for (const text of ['', '5ms..', '..5ms', '1ms..2ms..3ms'])
      expect(refusalOf(() => parseDurationRange(text, '--duration'))).toMatch(
        `--duration: "${text}" is neither a time nor a span of time | Write a time such as 5ms`,
      );
    expect(refusalOf(() => parseDurationRange('5..7', '--duration'))).toMatch(/"5" is not a duration/);
  });

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
