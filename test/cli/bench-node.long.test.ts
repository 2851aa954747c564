import { mkdir, readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { fairqJson, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';

const home = useFolder();

/** Names of the processes whose environment or arguments hold the text. */
async function processesWith(text: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '');
    const [environment, args, name] = await Promise.all(['environ', 'cmdline', 'comm'].map(read));
    if (environment!.includes(text) || args!.includes(text)) found.push(name!.trim());
  }
  return found;
}

describe.skipIf(process.platform !== 'linux')('a bench that is interrupted', () => {
  it.each([
    ['SIGINT' as const, 130],
    ['SIGKILL' as const, null],
  ])('by %s leaves no process and no file behind, its broker included', async (signal, code) => {
    // Its throw-away broker lives in this folder, which its workers have in their environment.
    const folder = home.file(signal);
    await mkdir(folder);
    const run = new RunningFairq(['bench', 'seed'], { TMPDIR: folder });
    await run.says(/1 worker/);
    const names = ['beam.smp', 'epmd', 'node'];
    await eventually(
      async () => {
        const found = await processesWith(folder);
        return names.every((name) => found.includes(name));
      },
      { timeoutMs: 60_000, what: 'the bench and its broker run' },
    );
    run.signal(signal);
    expect((await run.ended).code).toBe(code);
    await eventually(async () => (await processesWith(folder)).length === 0, {
      timeoutMs: 60_000,
      what: 'all its processes have gone',
    });
    await eventually(async () => (await readdir(folder)).length === 0, {
      timeoutMs: 60_000,
      what: 'its files have gone',
    });
  });
});

describe('broker start, status and stop', () => {
  it('give a node that the other commands find, and take it away', async () => {
    const state = { XDG_STATE_HOME: home.file('state') };
    try {
      const started = await fairqJson(state, 'broker', 'start');
      expect(started).toMatchObject({ schemaVersion: 1, kind: 'broker', running: true });
      expect(await fairqJson(state, 'broker', 'status')).toMatchObject({ running: true, uri: started.uri });
      expect(await fairqJson(state, 'publish', '--user', 'A')).toMatchObject({ confirmed: 1 });
    } finally {
      expect(await fairqJson(state, 'broker', 'stop')).toMatchObject({ running: false });
    }
  });
});
