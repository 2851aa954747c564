import { expect, it } from 'vitest';
import { readThreshold } from '../../../../src/commands/flags/threshold-flags.js';

it('--check shows where it is wrong, and says what to write there', () => {
  expect(() => readThreshold('dwell.p95=2s')).toThrow(
    '--check: a comparison is missing\n  dwell.p95=2s\n           ^',
  );
  expect(() => readThreshold('dwell.p95=2s')).toThrow(
    expect.objectContaining({ kind: 'usage', code: 'BAD_CHECK', hint: expect.stringContaining('<=') }),
  );
});

it('--check is to be repeated where there are several comparisons', () => {
  expect(() => readThreshold('user(B).lag<2 jain>0.9')).toThrow(
    expect.objectContaining({ hint: 'Repeat --check for each.' }),
  );
});
