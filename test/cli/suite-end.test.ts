import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { endsWithTests } from '../support/ends-with-tests.js';
import { eventually } from '../support/eventually.js';
import { RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { isLiving } from '../support/living.js';
import { useVhost } from '../support/vhost.js';

const { env } = useVhost();
const folder = useFolder();
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

async function pidIn(name: string): Promise<number> {
  return eventually(() => existsSync(folder.file(name)) && Number(readFileSync(folder.file(name), 'utf8')), {
    timeoutMs: 60_000,
    what: `a number in ${name}`,
  });
}

async function hasEnded(pid: number): Promise<void> {
  await eventually(() => !isLiving(pid), { timeoutMs: 60_000, what: `the end of ${pid}` });
}

it('what a suite has started ends with it, though vitest is killed in the middle of a test', async () => {
  const config = 'test/fixtures/left-behind/vitest.config.ts';
  const { FAIRQ_URI: _uri, ...inherited } = process.env;
  const suite = endsWithTests(
    spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--config', config], {
      cwd: ROOT,
      detached: true,
      env: { ...inherited, ...env, PID_FILE: folder.file('suite') },
      stdio: 'ignore',
    }),
  );
  const worker = await pidIn('suite');
  expect(isLiving(worker)).toBe(true);
  suite.kill('SIGKILL');
  await hasEnded(worker);
});

it('a worker with --exit-with-parent stops when the program has gone that started it', async () => {
  const fairq = `"$@" worker --exit-with-parent & echo $! > ${folder.file('child')}; wait`;
  const parent = endsWithTests(
    spawn('sh', ['-c', fairq, 'sh', process.execPath, `${ROOT}/bin/fairq.js`], {
      detached: true,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    }),
  );
  let said = '';
  parent.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8');
  });
  const worker = await pidIn('child');
  await eventually(() => said.includes('ready, '), { timeoutMs: 60_000, what: `ready; it said ${said}` });
  parent.kill('SIGKILL');
  await hasEnded(worker);
  expect(said).toContain('stopping: finishing what runs');
});

it('a fairq that a test has started leads a group, so that what it starts ends with it', async () => {
  const one = new RunningFairq(['worker'], env);
  await one.says(/ready, /);
  process.kill(-one.process.pid!, 'SIGTERM');
  expect((await one.ended).code).toBe(0);
});
