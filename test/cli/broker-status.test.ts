import { expect, it } from 'vitest';
import { fairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';

const folder = useFolder();

it('a node that does not run is told by the exit code, too', async () => {
  const env = { XDG_STATE_HOME: folder.file('state') };
  expect(await fairq(env, 'broker', 'status')).toMatchObject({
    code: 3,
    stdout: expect.stringContaining('Not running'),
  });
});
