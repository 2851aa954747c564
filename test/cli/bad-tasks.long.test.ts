import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fairq, fairqJson, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { askManagement } from '../support/management-api.js';
import { expectLived, GOOD, LONGEST_REASON, usePoison } from '../support/poison.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const folder = useFolder();
const { publishGood, expectGoodDone, put, reasons } = usePoison(vhost);
const MODULE = fileURLToPath(new URL('../support/poisonous-tasks.mjs', import.meta.url));

describe('a handler that does what it must not', () => {
  const CASES: Record<string, RegExp> = {
    parses: /payload \(\d+ bytes\) is not the JSON/,
    throwsText: /only a text/,
    throwsNull: /thrown, and no Error: null/,
    rejectsWithNothing: /thrown, and no Error: undefined/,
    throwsWhatCannotBeShown: /cannot be shown/,
    throwsAtLength: /^long long/,
    hasABrokenThen: /no then/,
    exits: /tried to end the process: process\.exit\(3\)/,
    exitsLater: /tried to end the process: process\.exit\(3\)/,
    straysInATimer: /outside of its promise: strayed in a timer/,
    straysInAPromise: /outside of its promise: nobody waits for it/,
    blocks: /has blocked/,
    writesMuch: /has written/,
  };

  it('fails its own task, with its reason, and the worker lives on', async () => {
    await publishGood('handlers', 'fine');
    for (const task of Object.keys(CASES)) {
      const body = task === 'parses' ? 'no JSON' : '{}';
      await put(task, body, { type: task, contentType: 'application/json' });
    }
    await put('straysAfterItsEnd', '{}', { type: 'straysAfterItsEnd' });
    const ended = await fairq(env, '--json', 'worker', '--handler', MODULE, '--exit-when', 'empty');
    const document = expectLived(ended);
    expect(document).toMatchObject({ completed: 2 * GOOD + 1, failed: Object.keys(CASES).length });
    const found = await reasons();
    for (const [task, reason] of Object.entries(CASES)) {
      expect(found.get(task), task).toMatch(reason);
      expect(found.get(task)!.length, task).toBeLessThanOrEqual(LONGEST_REASON);
    }
    expect(ended.stderr).toMatch(/"straysAfterItsEnd" had ended, and then its handler threw: "too late"/);
    await expectGoodDone('handlers');
  });

  it('may write to an output that nobody reads any more', async () => {
    await publishGood('closed', 'fine');
    await put('writesMuch', '{}', { type: 'writesMuch' });
    const worker = new RunningFairq(['worker', '--handler', MODULE, '--exit-when', 'empty'], env);
    worker.process.stdout?.destroy();
    const { code, stderr } = await worker.ended;
    expect(stderr).not.toContain('error:');
    expect(code).toBe(3);
    expect((await reasons()).get('writesMuch')).toBe('has written');
    await expectGoodDone('closed');
  });

  it('ends the worker where the exception is no task’s, and nothing that ran is lost', async () => {
    await publishGood('stray', 'fine');
    const module = folder.file('stray.mjs');
    await writeFile(
      module,
      `export async function fine() { await new Promise(() => {}); }
       setTimeout(() => { throw new Error('of nobody'); }, 1_500);`,
    );
    const ended = await fairq(env, 'worker', '--handler', module);
    expect(ended.stderr).toContain('an exception outside of every task');
    expect(ended.stderr).toContain('of nobody');
    expect(ended.code).toBe(64);
    await fairqJson(env, 'worker', '--handler', MODULE, '--exit-when', 'empty');
    await expectGoodDone('stray');
  });
});

describe('a program that does what it must not', () => {
  it.each([
    ['is killed, as by the kernel when memory runs out', 'kill -9 $$', /^killed by SIGKILL$/],
    ['has a child that is killed', 'sh -c "kill -9 \\$\\$"; exit $?', /^exit code 137/],
    ['does not exist', '/nowhere/at-all', /exit code 127: .*\/nowhere\/at-all/s],
    ['says too much', 'head -c 300000 /dev/zero | tr "\\0" e >&2; exit 1', /^exit code 1: e+/],
  ])('%s: its task fails, and the others go on', async (name, command, reason) => {
    const run = `exec ${name}`;
    await publishGood(run, 'noop');
    await put('bad', 'x', { type: 'noop' });
    const only = `if [ "$FAIRQ_TASK_USER" = bad ]; then ${command}; fi`;
    const document = expectLived(
      await fairq(env, '--json', 'worker', '--exec', only, '--exit-when', 'empty'),
    );
    expect(document).toMatchObject({ completed: 2 * GOOD, failed: 1 });
    const found = (await reasons()).get('bad')!;
    expect(found).toMatch(reason);
    expect(found.length).toBeLessThanOrEqual(LONGEST_REASON);
    await expectGoodDone(run);
  });
});

describe('what is nobody else’s business', () => {
  it('is in no output, however much is said: neither a password nor a payload', async () => {
    const secretive = await loginWith('PASSWORD-secret');
    const file = folder.file('secret.ndjson');
    const line = (task: string) => JSON.stringify({ user: 'S', task, payload: { key: 'PAYLOAD-secret' } });
    await writeFile(file, ['fine', 'unheard-of', 'sleep', 'throwsText', 'exits'].map(line).join('\n'));
    expect(await readFile(file, 'utf8')).toContain('PAYLOAD-secret');
    const commands = [
      ['publish', '--from', file, '--run', 'secret'],
      ['worker', '--handler', MODULE, '--exit-when', 'empty'],
      ['report', '--run', 'secret'],
      ['queues', 'list'],
      ['--vhost', 'nowhere', 'report'],
      ['--prefix', 'other', 'report'],
      ['--management-uri', 'http://127.0.0.1:1', 'queues', 'list'],
    ];
    await put('T', 'PAYLOAD-secret', { type: 'parses', contentType: 'application/json' });
    for (const args of commands) {
      const { stdout, stderr } = await fairq(secretive, '--verbose', ...args);
      expect(stdout + stderr, args.join(' ')).not.toMatch(/(PASSWORD|PAYLOAD)-secret/);
      expect(stdout + stderr, args.join(' ')).not.toContain(
        Buffer.from('PASSWORD-secret').toString('base64'),
      );
    }
    expect((await reasons()).size).toBeGreaterThan(0);
  });
});

/** A user of the broker's with this password, on our vhost. */
async function loginWith(password: string): Promise<Record<string, string>> {
  const { FAIRQ_URI = '', FAIRQ_MANAGEMENT_URI = '' } = env;
  const uri = new URL(FAIRQ_URI);
  const login = `${decodeURIComponent(uri.username)}:${decodeURIComponent(uri.password)}`;
  const api = { uri: FAIRQ_MANAGEMENT_URI, login };
  const everything = { configure: '.*', write: '.*', read: '.*' };
  await askManagement(api, 'PUT', '/users/secretive', { password, tags: 'administrator' });
  await askManagement(api, 'PUT', `/permissions/${uri.pathname.slice(1)}/secretive`, everything);
  uri.username = 'secretive';
  uri.password = password;
  return { ...env, FAIRQ_URI: uri.href };
}
