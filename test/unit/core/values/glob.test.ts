import { describe, expect, it } from 'vitest';
import { glob } from '../../../../src/core/values/glob.js';

describe('globs', () => {
  it.each([
    ['team-*', 'team-a', true],
    ['team-*', 'xteam-a', false],
    ['*', '', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['a.c', 'abc', false],
    ['[ab]', 'a', false],
    ['*\n*', 'a\nb', true],
    ['a?b', 'a💥b', true],
  ])('%j on %j: %s', (pattern, text, expected) => {
    expect(glob(pattern).matches(text)).toBe(expected);
  });

  it('know what stands before the first wildcard', () => {
    expect(glob('usersequence_*').literalStart).toBe('usersequence_');
  });

  it('answers at once, however many stars it has', () => {
    expect(glob(`${'*a'.repeat(100)}*b`).matches('a'.repeat(255))).toBe(false);
    expect(glob(`${'*a'.repeat(100)}*b`).matches(`${'a'.repeat(254)}b`)).toBe(true);
  });
});
