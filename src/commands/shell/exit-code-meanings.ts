/** What each exit code means, for the manual page and the reference; `core/errors/exit-code.ts` has the codes. */
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
