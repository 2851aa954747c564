import { type ErrorKind, FairqError } from './errors.js';

/** Exit codes, after sysexits.h where it has one. */
export const EXIT_CODE_MEANINGS: readonly (readonly [string, string])[] = [
  ['0', 'done; also an orderly stop of what would go on: worker, top, --watch'],
  ['1', 'unexpected: a defect of fairq'],
  ['3', 'partly done, such as a worker that ended by --exit-when or --count, and left dead letters'],
  ['64', 'usage: the command line or a file it names'],
  ['69', 'the broker cannot be reached'],
  ['77', 'the broker refused, or a file or a disk did'],
  ['99', 'a check failed, or a threshold was crossed'],
  [
    '130',
    'interrupted before it was done, such as a publish, a wait or a bench; what was done has been reported',
  ],
];

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
