import { type ErrorKind, FairqError } from './errors.js';

/** Exit codes, after sysexits.h where it has one; `commands/shell/exit-code-meanings.ts` says what they mean. */
export const EXIT_OK = 0;
export const EXIT_UNEXPECTED = 1;

const EXIT_CODES: Readonly<Record<ErrorKind, number>> = {
  partial: 3,
  usage: 64,
  unreachable: 69,
  refused: 77,
  'check-failed': 99,
  interrupted: 130,
};

export function exitCodeOfKind(kind: ErrorKind): number {
  return EXIT_CODES[kind];
}

export function exitCodeOf(error: unknown): number {
  return error instanceof FairqError ? EXIT_CODES[error.kind] : EXIT_UNEXPECTED;
}
