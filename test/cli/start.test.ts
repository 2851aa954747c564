import { expect, it } from 'vitest';
import { RunningFairq } from '../support/fairq.js';

it('starts without what a command may need later: that takes longer than to start', async () => {
  // Node says there which modules it loads.
  const { stderr, code } = await new RunningFairq(['--version'], { NODE_DEBUG: 'esm' }).ended;
  expect(code).toBe(0);
  const packages = new Set(stderr.match(/(?<=node_modules\/)(?:@[\w-]+\/)?[\w-]+/g));
  expect([...packages]).toEqual(['commander']);
});
