import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { Management } from '../../src/broker/management/management.js';
import { namesFor } from '../../src/core/queues/names.js';
import type { ShownQueue } from '../../src/core/reports/queue-report.js';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { systemClock } from '../../src/process/system-clock.js';
import { ObservationFile } from '../../src/run/queues/observation-file.js';
import { showQueue } from '../../src/run/queues/queue-details.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairq, fairqJson, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useConnection, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const connection = useConnection(vhost);
const names = namesFor('fairq');
const folder = useFolder();
const env = () => ({ ...vhost.env, XDG_STATE_HOME: folder.file('state') });
/** Tasks that last for minutes, however slow the machine is. */
const MANY = 20_000;
const WAIT_MS = 60_000;

let workers: FairqHere[] = [];

/** A worker that serves, until the test ends. */
async function worker(...flags: string[]): Promise<FairqHere> {
  const one = new FairqHere(['worker', ...flags], env());
  workers.push(one);
  await one.says(/ready, /);
  return one;
}

// A test that fails leaves no worker and no tasks to the next.
afterEach(async () => {
  for (const one of workers) one.signal('SIGTERM');
  await Promise.all(workers.map(({ ended }) => ended));
  workers = [];
  for (const user of ['S', 'W', 'N', 'L', 'Z', 'P', 'D', 'T', 'V'])
    await vhost.channel.deleteQueue(`fairq.user.${user}`);
});

describe('queues show', () => {
  it('tells everything about one queue, and what is wrong with it', async () => {
    const from = Date.now();
    await fairqJson(env(), 'publish', '--user', 'S', '--count', '3');
    await eventually(async () => (await fairqJson(env(), 'queues', 'show', 'S')).oldestSentAt !== undefined, {
      timeoutMs: WAIT_MS,
      what: 'the figures are listed',
    });
    const shown = await fairqJson(env(), 'queues', 'show', 'S');
    expect(shown).toMatchObject({
      user: 'S',
      type: 'classic',
      ordered: false,
      bound: true,
      ready: 3,
      unacknowledged: 0,
    });
    expect(shown.oldestSentAt).toBeGreaterThanOrEqual(from - 1_000); // it is in whole seconds
    expect(shown.oldestSentAt).toBeLessThanOrEqual(Date.now());
    await vhost.channel.unbindQueue('fairq.user.S', 'fairq', 'S');
    const { stdout } = await fairq(env(), 'queues', 'show', 'S');
    expect(stdout).toContain('none: 3 tasks wait for a worker');
    expect(stdout).toContain('It is not bound');
  });

  it('names the workers of now, and says how long what waits will take', async () => {
    const load = ['--user', 'W', '--task', 'sleep', '--duration', '100ms', '--count', String(MANY)];
    await fairqJson(env(), 'publish', ...load);
    expect((await fairq(env(), 'queues', 'show', 'W')).stdout).toContain(
      'none: 20,000 tasks wait for a worker',
    );
    for (const name of ['w1', 'w2']) await worker('--name', name, '-c', '3');
    await eventually(async () => ((await vhost.ready('fairq.user.W')) ?? 0) < MANY - 10, {
      timeoutMs: WAIT_MS,
      what: 'the first are taken',
    });
    // On a busy machine a worker may not answer in time, and no task end in that time.
    const shown = await eventually(
      async () => {
        const found = await fairqJson<ShownQueue>(env(), 'queues', 'show', 'W');
        const answered = found.workers?.filter(({ slots }) => slots === 3).map(({ name }) => name);
        return answered?.length === 2 && found.endedPerSecond !== undefined && { ...found, answered };
      },
      { timeoutMs: WAIT_MS, what: 'both workers answer, and tasks of W end meanwhile' },
    );
    expect(shown.workers).toHaveLength(2);
    expect([...shown.answered].sort()).toEqual(['w1', 'w2']);
    expect(shown.ready).toBeLessThan(MANY);
    expect(shown.secondsLeft).toBeCloseTo(shown.ready / (shown.endedPerSecond ?? 0), 6);
    let text = '';
    await eventually(
      async () => {
        text = (await fairq(env(), 'queues', 'show', 'W')).stdout.replace(/\s+/g, ' ');
        return (
          /worker w1: \d of 3 slots busy/.test(text) && /left [\d,]+ tasks at [\d,.]+\/s: about \d/.test(text)
        );
      },
      { timeoutMs: WAIT_MS, what: () => `w1, and what is left, are in: ${text}` },
    );
    expect(text).toMatch(
      /100\.0 % of what workers take, 100\.0 % would be fair without weights \(1 user with tasks\)/,
    );
  });

  it('tells what is ready now, and not what was when the queues were listed', async () => {
    await fairqJson(env(), 'publish', '--user', 'P', '--count', '7');
    const older = new (class extends Management {
      override async queueDetails(name: string) {
        const details = await super.queueDetails(name);
        return details && { ...details, ready: 1_000, consumers: 3 };
      }
    })(vhost.address);
    try {
      const file = new ObservationFile(folder.file('seen-now'), vhost.address, names);
      const shown = await showQueue(connection.current, older, names, file, systemClock, 'fairq.user.P');
      expect(shown).toMatchObject({ ready: 7, consumers: 0 });
    } finally {
      await older.close();
    }
  });

  it('counts nobody among who waits whose tasks have gone since the queues were listed', async () => {
    const load = ['--user', 'N', '--task', 'sleep', '--duration', '100ms', '--count', String(MANY)];
    await fairqJson(env(), 'publish', ...load);
    await worker('--queues', 'fairq.user.N', '-c', '2');
    const file = new ObservationFile(folder.file('seen'), vhost.address, names);
    const listed = async () =>
      (await vhost.management.queues()).find(({ name }) => name === 'fairq.user.L')?.ready;
    // On a busy machine no task may end in the moment that it looks at: then nobody has a share.
    const shown = await eventually(
      async () => {
        await fairqJson(env(), 'publish', '--user', 'L', '--count', '5');
        await eventually(async () => (await listed()) === 5, {
          timeoutMs: WAIT_MS,
          what: 'L is listed with 5',
        });
        await vhost.channel.purgeQueue('fairq.user.L');
        const { current } = connection;
        const found = await showQueue(current, vhost.management, names, file, systemClock, 'fairq.user.N');
        return found?.endedPerSecond !== undefined && found;
      },
      { timeoutMs: WAIT_MS, what: 'tasks of N end while it is shown' },
    );
    expect(shown).toMatchObject({ share: 1, fairShare: 1, activeUsers: 1 });
  });

  it('names a worker that a task blocks, and says that it is unknown what runs there', async () => {
    const deaf = new RunningFairq(['worker', '--name', 'deaf', '-c', '1'], env());
    try {
      await deaf.says(/ready, /);
      await fairqJson(env(), 'publish', '--user', 'Z', '--task', 'cpu', '--duration', '10m', '--count', '3');
      const shown = await eventually(
        async () => {
          const found = await fairqJson<ShownQueue>(env(), 'queues', 'show', 'Z');
          return found.unacknowledged > 0 && found.workers?.[0]?.idle === null && found;
        },
        { timeoutMs: WAIT_MS, what: 'the worker is blocked' },
      );
      expect(shown.workers).toEqual([{ name: 'deaf', slots: null, idle: null }]);
      const { stdout } = await fairq(env(), 'queues', 'show', 'Z');
      expect(stdout).toContain('worker deaf: no answer, so what it runs is unknown');
    } finally {
      deaf.signal('SIGKILL'); // it hears no other
      await deaf.ended;
    }
  });

  it('takes a queue by its name, and says where there is none', async () => {
    await vhost.channel.assertQueue('theirs', { durable: true });
    expect(await fairqJson(env(), 'queues', 'show', '--queue', 'theirs')).toMatchObject({ name: 'theirs' });
    const { code, stderr } = await fairq(env(), 'queues', 'show', 'nobody');
    expect(code).toBe(64);
    expect(stderr).toContain('there is no queue "fairq.user.nobody" of user "nobody"');
    expect((await fairq(env(), 'queues', 'show')).code).toBe(64);
  });
});

describe('queues purge', () => {
  it('throws away what waits, after a yes', async () => {
    await fairqJson(env(), 'publish', '--user', 'P', '--count', '7');
    expect((await fairq(env(), 'queues', 'purge', 'P')).code).toBe(64);
    expect(await fairqJson(env(), 'queues', 'purge', 'P', '--dry-run')).toMatchObject({
      ready: 7,
      purged: 0,
    });
    expect(await fairqJson(env(), 'queues', 'purge', 'P', '--yes')).toMatchObject({ purged: 7 });
    expect(await vhost.ready('fairq.user.P')).toBe(0);
    for (const how of ['--dry-run', '--yes']) {
      const { code, stdout } = await fairq(env(), 'queues', 'purge', 'P', how);
      expect(code).toBe(0);
      expect(stdout).toContain('Nothing waits in "fairq.user.P": nothing was thrown away.');
    }
  });
});

describe('queues delete', () => {
  it('deletes an empty queue, and refuses one with tasks', async () => {
    await fairqJson(env(), 'publish', '--user', 'D', '--count', '2');
    const { code, stderr } = await fairq(env(), 'queues', 'delete', 'D', '--yes');
    expect(code).toBe(77);
    expect(stderr).toContain('has 2 tasks; nothing was changed');
    expect(await vhost.ready('fairq.user.D')).toBe(2);
    await fairqJson(env(), 'queues', 'purge', 'D', '--yes');
    expect(await fairqJson(env(), 'queues', 'delete', 'D', '--yes')).toMatchObject({ deleted: true });
    expect(await vhost.ready('fairq.user.D')).toBeUndefined();
  });

  it('throws the tasks away where that is asked for', async () => {
    await fairqJson(env(), 'publish', '--user', 'T', '--count', '4');
    expect(await fairqJson(env(), 'queues', 'delete', 'T', '--with-tasks', '--yes')).toMatchObject({
      deleted: true,
      discarded: 4,
    });
  });

  it('saves the tasks, whatever is in them, so that they can be sent again', async () => {
    const tasks = [
      { user: 'V', task: 'echo', payload: { page: 3 } },
      { user: 'V', payload: 'a text\nof "two" lines' },
      { user: 'V', payloadBase64: Buffer.from([0, 255, 254, 10]).toString('base64'), contentType: 'image/x' },
    ];
    const lines = folder.file('tasks.ndjson');
    writeFileSync(lines, tasks.map((task) => JSON.stringify(task)).join('\n'));
    await fairqJson(env(), 'publish', '--from', lines);
    const saved = folder.file('saved.ndjson');
    expect(await fairqJson(env(), 'queues', 'delete', 'V', '--save', saved, '--yes')).toMatchObject({
      deleted: true,
      saved: 3,
    });
    const again = await fairq(env(), 'queues', 'delete', 'V', '--save', saved, '--yes');
    expect(again.code).toBe(64); // it is gone
    await fairqJson(env(), 'publish', '--from', saved);
    const contents: unknown[] = [];
    for (;;) {
      const message = await vhost.channel.get('fairq.user.V', { noAck: true });
      if (message === false) break;
      const { type, contentType } = message.properties;
      contents.push([type, contentType, message.content.toString('latin1')]);
    }
    expect(contents).toEqual([
      ['echo', 'application/json', '{"page":3}'],
      ['noop', 'text/plain', 'a text\nof "two" lines'],
      ['noop', 'image/x', '\u0000\u00ff\u00fe\n'],
    ]);
    // Never over a file that is there.
    await fairqJson(env(), 'publish', '--user', 'V');
    const before = readFileSync(saved, 'utf8');
    const refused = await fairq(env(), 'queues', 'delete', 'V', '--save', saved, '--yes');
    expect(refused.code).toBe(64);
    expect(readFileSync(saved, 'utf8')).toBe(before);
    expect(await vhost.ready('fairq.user.V')).toBe(1);
  });

  it('takes the queue from a worker, and leaves no task behind: each is saved or run', async () => {
    const one = await worker('--queues', 'fairq.user.W', '-c', '2');
    const load = ['--user', 'W', '--count', '300', '--task', 'sleep', '--duration', '10ms', '--run', 'W'];
    await fairqJson(env(), 'publish', ...load);
    const saved = folder.file('w.ndjson');
    const outcome = await fairqJson<{ saved: number }>(
      env(),
      ...['queues', 'delete', 'W', '--save', saved, '--yes'],
    );
    expect(outcome).toMatchObject({ deleted: true });
    one.signal('SIGTERM');
    await one.ended;
    const { completed } = await fairqJson<RunReport>(env(), 'report', '--run', 'W');
    expect(completed + outcome.saved).toBe(300);
  });
});
