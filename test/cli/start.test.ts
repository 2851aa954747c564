import { expect, it } from 'vitest';
import { fairq } from '../support/fairq.js';

it('starts without what a command may need later: that takes longer than to start', async () => {
  // Node says there which modules it loads.
  const { stderr, code } = await fairq({ NODE_DEBUG: 'esm' }, '--version');
  expect(code).toBe(0);
  const packages = new Set(stderr.match(/(?<=node_modules\/)(?:@[\w-]+\/)?[\w-]+/g));
  expect([...packages]).toEqual(['commander']);
});
