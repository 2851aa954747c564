import { describe, expect, it } from 'vitest';
import { type ErrorKind, FairqError } from '../../../../src/core/errors/errors.js';
import { exitCodeOf } from '../../../../src/core/errors/exit-code.js';

describe('exit codes', () => {
  const table: Record<ErrorKind, number> = {
    partial: 3,
    usage: 64,
    unreachable: 69,
    refused: 77,
    'check-failed': 99,
    interrupted: 130,
  };
  it.each(Object.entries(table))('an error of kind %s ends with %d', (kind, code) => {
    expect(exitCodeOf(new FairqError(kind as ErrorKind, 'X', 'x'))).toBe(code);
  });

  it('anything else ends with 1', () => {
    expect(exitCodeOf(new Error('x'))).toBe(1);
    expect(exitCodeOf('x')).toBe(1);
  });
});
