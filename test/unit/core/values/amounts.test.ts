import { describe, expect, it } from 'vitest';
import { parseAmount, parseAmountRate, parseMemory } from '../../../../src/core/values/amounts.js';

describe('an amount on the command line', () => {
  it.each([
    ['250', 250],
    ['10k', 10_000],
    ['1.1k', 1_100],
    ['1M', 1_000_000],
    ['0.5M', 500_000],
    ['1G', 1_000_000_000],
  ])('%s is %d', (text, value) => {
    expect(parseAmount(text, '--users')).toBe(value);
  });

  it.each(['', '-1', '1.5', '1m', '1e6', '10 k', '1,000', 'k', '1KM', 'NaN', '1.0001k'])(
    '%j is no whole number, and the error says what is',
    (text) => {
      expect(() => parseAmount(text, '--users')).toThrow(`--users: "${text}" is not a whole number`);
    },
  );

  it.each(['0', '2G'])('%s is none from 1 to 1,000,000,000', (text) => {
    expect(() => parseAmount(text, '--users')).toThrow(`--users: "${text}" is not from 1 to 1000000000`);
  });

  it.each([
    ['200/s', 200],
    ['3/min', 0.05],
    ['3/m', 0.05],
    ['7.2k/h', 2],
    ['8.64M/day', 100],
    ['8.64M/d', 100],
  ])('%s is %d tasks a second', (text, perSecond) => {
    expect(parseAmountRate(text, '--tasks')).toBeCloseTo(perSecond, 12);
  });

  it.each(['', '0', '5', '5M', '0/s', '-3/s', '5M/week', '5M/', '/s', '5/s/s', '5/toString', '9999G/s'])(
    '%j is no rate of tasks, and the error says what is',
    (text) => {
      expect(() => parseAmountRate(text, '--tasks')).toThrow(
        `--tasks: "${text}" is not a number of tasks in a time`,
      );
    },
  );

  it.each([
    ['512M', 512 * 1024 ** 2],
    ['4GiB', 4 * 1024 ** 3],
    ['1.5gb', 1.5 * 1024 ** 3],
    ['1 TiB', 1024 ** 4],
  ])('%s is %d bytes of memory', (text, bytes) => {
    expect(parseMemory(text, '--memory')).toBe(bytes);
  });

  it.each(['', '0G', '512', '4k', '-1G', '4 GiBs', '9999999T'])('%j is no size of memory', (text) => {
    expect(() => parseMemory(text, '--memory')).toThrow('is not a size of memory');
  });
});
