import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FairqHere, fairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const folder = useFolder();

/** A port that something else listens on. */
const taken = createServer();
beforeAll(() => new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve)));
afterAll(() => new Promise((resolve) => taken.close(resolve)));
function takenPort(): number {
  const address = taken.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return address.port;
}

describe('bad input', () => {
  it.each([
    [['publsh'], "unknown command 'publsh'", 'Did you mean publish?'],
    [['publish', '--usr', 'A'], "unknown option '--usr'", 'Did you mean --user?'],
    [['publish', '--user', 'A', '--count', '-1'], '--count: "-1" is not a whole number', 'digits only'],
    [['publish', '--user', ''], 'a user cannot be empty', 'Name the user'],
    [['publish', '--user', 'x'.repeat(300)], 'AMQP allows 255', 'shorter user'],
    [['publish', '--user', 'A', '--run', 'r'.repeat(1_100)], 'too long to be sent', 'at most 1024'],
    [['publish', '--user', 'A', '--task', 'ü'.repeat(150)], 'longer than 255 bytes', 'shorter name'],
    [['--vhost', '.', 'queues', 'list'], 'the management API cannot be asked about', 'another name'],
    [['--vhost', '..', 'queues', 'list'], 'the management API cannot be asked about', 'another name'],
    [['publish'], 'whose tasks are these?', '--user NAME'],
    [['publish', '--user', 'A', '--rate', 'fast'], '--rate: "fast" is not a rate', '500/s'],
    [['publish', '--user', 'A', '--prefix', 'a b'], '"a b" cannot be a prefix', 'letters'],
    [['publish', '--user', 'A', '--payload', '@/nowhere'], '/nowhere cannot be read', '@'],
    [['publish', '--from', '/nowhere'], '/nowhere cannot be read', 'standard input'],
    [['worker', '--handler', '/nowhere.mjs'], '/nowhere.mjs does not load', 'ES module'],
    [['worker', '--concurrency', '0'], '--concurrency: "0"', 'a number from 1 to'],
    [['worker', '--handler', 'x', '--exec', 'y'], '--handler and --exec exclude', 'module or to a program'],
    [['report', '--run', 'never'], 'no run "never"', 'report --list'],
    [['bench', 'sed'], 'no scenario "sed"', 'seed'],
    [['bench', 'seed', '--strategy', 'fare'], 'no strategy "fare"', 'fair'],
    [['--config', '/nowhere.toml', 'queues', 'list'], '/nowhere.toml cannot be read', '--config'],
    [['--uri', 'http://x', 'queues', 'list'], 'starts with "http://"', 'amqp://'],
    [['--uri', 'amqp://x/?heartbeat=0', 'queues', 'list'], 'the heartbeat', '?heartbeat=20'],
    [['--uri', 'amqp://x/?heartbeat=5,amqp://y', 'queues', 'list'], 'differ in more', 'heartbeat'],
  ])('%j ends with 64, what is wrong and what to do', async (args, what, next) => {
    // The report needs a stream to look into.
    if (args[0] === 'report') await fairq(env, 'publish', '--user', 'A');
    const { code, stdout, stderr } = await fairq(env, ...args);
    expect(stderr).toContain(what);
    expect(stderr).toContain(next);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe('');
    expect(code).toBe(64);
  });

  it('a bad line of a file is named by its number, and nothing is sent', async () => {
    const file = folder.file('tasks.ndjson');
    for (const bad of [
      '{"user":"L"',
      '{"task":"noop"}',
      `{"user":"L","task":"${'ü'.repeat(150)}"}`,
      '{"user":""}',
      '{"user":"L","x":1}',
      '[]',
      `{"user":"${'x'.repeat(300)}"}`,
    ]) {
      await writeFile(file, `{"user":"L"}\n${bad}\n{"user":"L"}\n`);
      const { code, stderr } = await fairq(env, 'publish', '--from', file);
      expect(stderr).toContain(`${file}, line 2:`);
      expect(stderr).toContain('nothing was sent');
      expect(code).toBe(64);
    }
    expect(await vhost.ready('fairq.user.L')).toBeUndefined();
  });

  it('an empty standard input is no load', async () => {
    const run = new FairqHere(['publish', '--from', '-'], env, '');
    expect(await run.ended).toMatchObject({ code: 64, stderr: expect.stringContaining('holds no task') });
  });
});

describe('a broker that does not do what is asked', () => {
  it('is named with its address when it is not there', async () => {
    const nobody = {
      FAIRQ_URI: 'amqp://guest:secret@127.0.0.1:1',
      FAIRQ_MANAGEMENT_URI: 'http://127.0.0.1:1',
    };
    for (const args of [['publish', '--user', 'A'], ['worker'], ['report']]) {
      const { code, stderr } = await fairq(nobody, ...args);
      expect(stderr).toContain('no broker answers at amqp://guest@127.0.0.1:1');
      expect(stderr).toContain('fairq broker start');
      expect(stderr).not.toContain('secret');
      expect(code).toBe(69);
    }
    const listed = await fairq(nobody, 'queues', 'list');
    expect(listed).toMatchObject({ code: 69, stderr: expect.stringContaining('http://127.0.0.1:1') });
  });

  it('refuses a wrong password with 77, and the password is not shown', async () => {
    const wrong = { ...env, FAIRQ_PASSWORD: 'not-the-password' };
    for (const args of [['publish', '--user', 'A'], ['worker'], ['report'], ['queues', 'list']]) {
      const { code, stderr } = await fairq(wrong, ...args);
      expect(stderr).toMatch(/refused/);
      expect(stderr).not.toContain('not-the-password');
      expect(code).toBe(77);
    }
  });

  it('has no such vhost', async () => {
    for (const args of [['publish', '--user', 'A'], ['worker'], ['queues', 'list']]) {
      const { code, stderr } = await fairq(env, '--vhost', 'nowhere', ...args);
      expect(stderr).toContain('"nowhere"');
      expect(stderr).toContain('add_vhost');
      expect(code).toBe(77);
    }
  });

  it('has its management plugin switched off', async () => {
    const off = { ...env, FAIRQ_MANAGEMENT_URI: 'http://127.0.0.1:1' };
    for (const args of [['worker'], ['queues', 'list']]) {
      const { code, stderr } = await fairq(off, ...args);
      expect(stderr).toContain('rabbitmq-plugins enable rabbitmq_management');
      expect(code).toBe(69);
    }
  });

  it('warns of a password on the command line', async () => {
    const { stderr } = await fairq({}, '--uri', 'amqp://guest:hunter2@127.0.0.1:1', 'report');
    expect(stderr).toContain('a password on the command line');
    expect(stderr).not.toContain('hunter2');
  });

  it('cannot have a port that is taken', async () => {
    const state = { XDG_STATE_HOME: folder.file('state') };
    const { code, stderr } = await fairq(state, 'broker', 'start', '--port', `${takenPort()}`);
    expect(stderr).toContain(`${takenPort()}`);
    expect(code).toBe(64);
  });
});

describe('settings', () => {
  it('come from the flag, then the environment, then the file', async () => {
    const home = await mkdtemp(folder.file('home-'));
    const file = join(home, 'fairq.toml');
    await writeFile(file, 'uri = "amqp://u:p@127.0.0.1:1/from-file"\nprefix = "filed"\n');
    const none = await fairq({ FAIRQ_CONFIG: file }, 'report');
    expect(none.stderr).toContain('127.0.0.1:1/from-file');
    const variable = await fairq({ FAIRQ_CONFIG: file, FAIRQ_URI: 'amqp://127.0.0.1:2/variable' }, 'report');
    expect(variable.stderr).toContain('127.0.0.1:2/variable');
    const flag = await fairq({ FAIRQ_CONFIG: file, FAIRQ_VHOST: 'v' }, '--vhost', 'flag', 'report');
    expect(flag.stderr).toContain('127.0.0.1:1/flag');
  });

  it('in the file are checked by name', async () => {
    const file = folder.file('bad.toml');
    await writeFile(file, 'url = "amqp://x"\n');
    const { code, stderr } = await fairq({}, '--config', file, 'report');
    expect(stderr).toMatch(/url/);
    expect(stderr).toContain('management-uri');
    expect(code).toBe(64);
  });
});
