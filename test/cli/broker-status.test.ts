import { mkdir } from 'node:fs/promises';
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

// Root may read the files of every user: a folder in a file's place cannot be read by anybody.
it.each(['state.json', 'lock.1'])(
  'a %s that cannot be read is named, and no other broker is used',
  async (name) => {
    const home = folder.file(`unread-${name}`);
    const file = `${home}/fairq/broker/${name}`;
    await mkdir(file, { recursive: true });
    for (const command of [
      ['broker', 'status'],
      ['queues', 'list'],
      ['publish', '--user', 'A'],
    ]) {
      const { code, stderr } = await fairq({ XDG_STATE_HOME: home }, ...command);
      expect(stderr).toContain(`${file} cannot be read: `);
      expect(stderr).toContain('--uri or FAIRQ_URI');
      expect(code, command.join(' ')).toBe(77);
    }
  },
);
