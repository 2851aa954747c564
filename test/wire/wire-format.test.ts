import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { FairqHere, fairqJson } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useVhost } from '../support/vhost.js';

// Debian's package is Debian's Python's, and the first on the path may be another.
const python = ['/usr/bin/python3', 'python3'].find(
  (program) => spawnSync(program, ['-c', 'import pika']).status === 0,
);
if (python === undefined)
  console.error('NOT RUN: the programs of docs/wire-format.md (apt-get install python3-pika)');

const run = promisify(execFile);
const vhost = useVhost();
const { env } = vhost;
const folder = useFolder();
const MOST_LINES = 25;

/** The two programs, as they stand in the document. */
const [publisher = '', reader = ''] = [
  ...readFileSync(new URL('../../docs/wire-format.md', import.meta.url), 'utf8').matchAll(
    /^```python\n(.*?)^```$/gms,
  ),
].map(([, program = '']) => program);

describe.skipIf(python === undefined)('the programs of docs/wire-format.md', () => {
  beforeAll(async () => {
    await writeFile(folder.file('publisher.py'), publisher);
    await writeFile(folder.file('reader.py'), reader);
  });

  function inPython(program: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
    return run(python ?? '', [folder.file(program), ...args], { env: { ...process.env, ...env } });
  }

  it('are short', () => {
    for (const program of [publisher, reader]) {
      expect(program.trim().split('\n').length).toBeLessThanOrEqual(MOST_LINES);
    }
  });

  it('send a task to a user that nobody knows, and read what it returned', async () => {
    // Only the announcement tells this worker of the queue.
    const worker = new FairqHere(['worker', '--discover-every', '1h', '--count', '2'], env);
    await worker.says(/ready/);
    const user = 'Müller ~@:%/\u{1f600}';
    const ids: string[] = [];
    for (const payload of ['{"page":3}', '"again"']) {
      const { stdout } = await inPython('publisher.py', user, 'nightly ü', 'echo', payload);
      ids.push(stdout.trim());
    }
    expect((await worker.ended).code).toBe(0);
    const { stdout } = await inPython('reader.py', ...ids);
    const results = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(results).toMatchObject([
      { id: ids[0], attempt: 1, outcome: 'done', value: { page: 3 } },
      { id: ids[1], outcome: 'done', value: 'again' },
    ]);
    expect(await fairqJson(env, 'task', ids[0]!)).toMatchObject({ state: 'done', user, run: 'nightly ü' });
    expect(worker.stderr).not.toContain('x-fairq');
    const report = await fairqJson<{ users: object[] }>(env, 'report', '--run', 'nightly ü');
    expect(report.users).toMatchObject([{ user, tasks: 2 }]);
  });
});

describe('an envelope of fairq itself', () => {
  it.each([
    ['of a user', ['--user', 'E']],
    ['of no user', ['--queue', 'reports', '--task', 'noop']],
    ['of the shared queue', ['--user', 'E', '--strategy', 'fifo']],
  ])('is never warned of: %s', async (_, whose) => {
    await fairqJson(env, 'publish', ...whose);
    const strategy = whose.includes('fifo') ? ['--strategy', 'fifo'] : ['--also', 'reports'];
    const worker = new FairqHere(['worker', '--exit-when', 'empty', ...strategy], env);
    const { code, stderr } = await worker.ended;
    expect(code).toBe(0);
    expect(stderr).not.toContain('x-fairq');
  });
});

describe('an envelope that makes no sense', () => {
  it('is warned of once, and its task runs all the same', async () => {
    await fairqJson(env, 'publish', '--user', 'W');
    const { channel } = vhost;
    for (const envelope of ['1 1 1 soon 0 r W', '2 1 1 1795622400000000 0 r W']) {
      channel.publish('fairq', 'W', Buffer.from(''), { type: 'noop', headers: { 'x-fairq': envelope } });
    }
    // Nothing at all is no mistake.
    channel.publish('fairq', 'W', Buffer.from(''), { type: 'noop' });
    const worker = new FairqHere(['--json', 'worker', '--count', '4'], env);
    const { code, stdout, stderr } = await worker.ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ completed: 4 });
    expect(stderr.match(/x-fairq/g)).toHaveLength(1);
    expect(stderr).toContain('of its fields sent, late make no sense: "1 1 1 soon 0 r W"');
  });
});
