import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { TaskState } from '../../src/core/events/task-state.js';
import type { RunReport } from '../../src/core/reports/run-report.js';
import type { WorkerReport } from '../../src/core/reports/worker-report.js';
import { eventually } from '../support/eventually.js';
import { fairq, fairqJson, fairqPartly } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const folder = useFolder();

async function report(run: string): Promise<RunReport> {
  return fairqJson<RunReport>(env, 'report', '--run', run);
}

/** A handler that fails its first attempts and writes down every one. */
async function failing(
  name: string,
  times: number,
): Promise<{ file: string; attempts(): Promise<string[]> }> {
  const file = folder.file(`${name}.mjs`);
  const log = folder.file(`${name}.txt`);
  await writeFile(log, '');
  await writeFile(
    file,
    `import { appendFileSync } from 'node:fs';
     export async function flaky(_, { id, user, attempt }) {
       appendFileSync(${JSON.stringify(log)}, user + ' ' + attempt + '\\n');
       if (attempt <= ${times}) throw new Error('not yet: ' + attempt);
     }`,
  );
  return { file, attempts: async () => (await readFile(log, 'utf8')).trim().split('\n') };
}

describe('a task that fails', () => {
  it('is tried again after its wait, and counts once', async () => {
    const { file, attempts } = await failing('twice', 2);
    await fairqJson(env, 'publish', '--user', 'A', '--task', 'flaky', '--run', 'twice');
    const worked = await fairqJson<WorkerReport>(
      env,
      ...['worker', '--exit-when', 'empty', '--handler', file, '--backoff', '20ms,60ms'],
    );
    expect(worked).toMatchObject({ completed: 1, failed: 0, retried: 2 });
    expect(await attempts()).toEqual(['A 1', 'A 2', 'A 3']);
    expect(await report('twice')).toMatchObject({
      published: 1,
      completed: 1,
      failed: 0,
      retries: 2,
      missing: 0,
      duplicates: 0,
    });
    expect(await vhost.ready('fairq.dead')).toBe(0);
  });

  it('is a dead letter after its last attempt, and says all about it', async () => {
    const { file, attempts } = await failing('never', 99);
    await fairqJson(env, 'publish', '--user', 'A', '--task', 'flaky', '--payload', 'mine', '--run', 'never');
    const worked = await fairqPartly<WorkerReport>(
      env,
      ...['worker', '--exit-when', 'empty', '--handler', file, '--backoff', '20ms', '--max-attempts', '3'],
    );
    expect(worked).toMatchObject({ completed: 0, failed: 1, retried: 2 });
    expect(await attempts()).toHaveLength(3);
    const dead = await vhost.channel.get('fairq.dead', { noAck: true });
    if (dead === false) throw new Error('there is no dead letter');
    expect(dead.content.toString()).toBe('mine');
    expect(dead.properties.headers).toMatchObject({
      'x-fairq-queue': 'fairq.user.A',
      'x-fairq-reason': 'not yet: 3',
      'x-fairq-stack': expect.stringContaining('never.mjs'),
    });
    expect(dead.properties.headers).not.toHaveProperty('x-death');
    const { 'x-fairq-first-start': first, 'x-fairq-last-end': last } = dead.properties.headers ?? {};
    expect(Number(last) - Number(first)).toBeGreaterThanOrEqual(40_000);
    expect(await report('never')).toMatchObject({ completed: 1, failed: 1, retries: 2, missing: 0 });
  });

  it('is still missing while it waits, and runs when another worker comes', async () => {
    const { file } = await failing('later', 1);
    await fairqJson(env, 'publish', '--user', 'A', '--task', 'flaky', '--run', 'later');
    // So long that the first worker has ended by then, on a busy machine too.
    const flags = ['--handler', file, '--backoff', '10s'];
    const first = await fairqJson<WorkerReport>(env, 'worker', '--count', '1', ...flags);
    expect(first).toMatchObject({ completed: 0, retried: 1 });
    expect(await report('later')).toMatchObject({ completed: 0, failed: 0, retrying: 1, missing: 0 });
    await fairqJson(env, 'worker', '--exit-when', 'empty', ...flags);
    expect(await report('later')).toMatchObject({ completed: 1, missing: 0, duplicates: 0 });
  });

  it('comes back to a queue that was deleted while it waited', async () => {
    const { file } = await failing('pruned', 1);
    await fairqJson(env, 'publish', '--user', 'P', '--task', 'flaky', '--run', 'pruned');
    // So long that the queue has gone by then, on a busy machine too.
    const flags = ['--handler', file, '--backoff', '10s'];
    await fairqJson(env, 'worker', '--count', '1', ...flags);
    await vhost.channel.deleteQueue('fairq.user.P');
    await fairqJson(env, 'worker', '--exit-when', 'empty', ...flags);
    expect(await report('pruned')).toMatchObject({ completed: 1, missing: 0 });
  });

  it('comes back to a queue that fairq did not make, or is a dead letter when that is gone', async () => {
    const { file, attempts } = await failing('foreign', 1);
    // So long that the first worker has ended by then, on a busy machine too.
    const flags = ['--queues', 'theirs_*', '--handler', file, '--backoff', '3s'];
    for (const queue of ['theirs_1', 'theirs_2']) {
      await vhost.channel.assertQueue(queue, { durable: true });
      vhost.channel.sendToQueue(queue, Buffer.from(queue), { type: 'flaky', messageId: queue });
      await eventually(async () => (await vhost.ready(queue)) === 1, {
        timeoutMs: 60_000,
        what: 'the message',
      });
    }
    await fairqJson(env, 'worker', '--count', '2', ...flags);
    await vhost.channel.deleteQueue('theirs_2');
    const worked = await fairqPartly(env, 'worker', '--exit-when', 'empty', ...flags);
    expect(worked).toMatchObject({ completed: 1, failed: 1 });
    expect((await attempts()).sort()).toEqual(['1 1', '1 2', '2 1']);
    const dead = await vhost.channel.get('fairq.dead', { noAck: true });
    if (dead === false) throw new Error('there is no dead letter');
    expect(dead.content.toString()).toBe('theirs_2');
    expect(dead.properties.headers?.['x-fairq-reason']).toContain('no longer there');
    // Whoever waits for it is told, as the report is.
    const { state, error } = await fairqJson<TaskState>(env, 'task', 'theirs_2');
    expect([state, error]).toEqual(['failed', 'its queue "theirs_2" is no longer there']);
  });

  it('waits its time, among many that wait with it', async () => {
    const file = folder.file('many.mjs');
    const log = folder.file('many.txt');
    await writeFile(
      file,
      `import { appendFileSync } from 'node:fs';
       export function once(_, { id, attempt }) {
         appendFileSync(${JSON.stringify(log)}, id + ' ' + performance.now() + '\\n');
         if (attempt === 1) throw new Error('once');
       }`,
    );
    await fairqJson(env, 'publish', '--users', '5', '--count', '300', '--task', 'once', '--run', 'many');
    const flags = ['worker', '--exit-when', 'empty', '--handler', file, '--backoff', '500ms'];
    expect(await fairqJson(env, ...flags)).toMatchObject({ completed: 1_500, retried: 1_500 });
    const starts = new Map<string, number[]>();
    for (const line of (await readFile(log, 'utf8')).trim().split('\n')) {
      const [id = '', at] = line.split(' ');
      starts.set(id, [...(starts.get(id) ?? []), Number(at)]);
    }
    expect(starts.size).toBe(1_500);
    for (const [first = 0, second = 0, ...more] of starts.values()) {
      expect(second - first).toBeGreaterThanOrEqual(499);
      expect(more).toEqual([]);
    }
  });

  it('is brought back by a worker with other waits, when its own has gone', async () => {
    const { file } = await failing('orphaned', 1);
    await fairqJson(env, 'publish', '--user', 'A', '--task', 'flaky', '--run', 'orphaned');
    await fairqJson(env, 'worker', '--count', '1', '--handler', file, '--backoff', '777ms');
    const other = ['--handler', file, '--backoff', '10ms', '--count', '1'];
    expect(await fairqJson(env, 'worker', ...other)).toMatchObject({ completed: 1 });
    expect(await report('orphaned')).toMatchObject({ completed: 1, missing: 0, duplicates: 0 });
  });

  it('is a dead letter at once where somebody else has put it into a delay queue', async () => {
    const flags = ['--backoff', '40ms', '--exit-when', 'empty'];
    await fairqJson(env, 'worker', ...flags);
    const headers = { theirs: 'x'.repeat(30_000), 'x-fairq-last-end': 'soon' };
    vhost.channel.sendToQueue('fairq.retry.40ms', Buffer.from('strange'), { headers });
    await eventually(async () => (await vhost.ready('fairq.retry.40ms')) === 1, {
      timeoutMs: 60_000,
      what: 'the message',
    });
    expect(await fairqPartly(env, 'worker', ...flags)).toMatchObject({ failed: 1 });
    const dead = await vhost.channel.get('fairq.dead', { noAck: true });
    if (dead === false) throw new Error('there is no dead letter');
    expect(dead.content.toString()).toBe('strange');
    expect(dead.properties.headers?.['x-fairq-reason']).toContain('does not say what it is');
    expect(await vhost.ready('fairq.retry.40ms')).toBe(0);
  });

  it('is a dead letter where no queue can have the name that it says', async () => {
    const flags = ['--backoff', '41ms', '--exit-when', 'empty'];
    await fairqJson(env, 'worker', ...flags);
    const queues = ['x'.repeat(300), `fairq.user.${'x'.repeat(300)}`];
    for (const [i, queue] of queues.entries()) {
      const headers = { 'x-fairq': `1 1 1 ${Date.now() * 1000} 0 long user`, 'x-fairq-queue': queue };
      vhost.channel.sendToQueue('fairq.retry.41ms', Buffer.from(''), { messageId: `long-${i}`, headers });
    }
    await eventually(async () => (await vhost.ready('fairq.retry.41ms')) === 2, {
      timeoutMs: 60_000,
      what: 'the messages',
    });
    expect(await fairqPartly(env, 'worker', ...flags)).toMatchObject({ failed: 2 });
    expect(await vhost.ready('fairq.dead')).toBe(2);
    // Sent back they would go to the same queues: they stay.
    const redriven = await fairq(env, '--json', 'dead', 'redrive', '--run', 'long', '--yes');
    expect(JSON.parse(redriven.stdout)).toMatchObject({ done: 0, kept: [{}, {}] });
    await vhost.channel.purgeQueue('fairq.dead');
  });

  it('is charged to its user: others are served meanwhile', async () => {
    const { file } = await failing('charged', 1);
    await fairqJson(env, 'publish', '--user', 'F', '--task', 'flaky', '--count', '20', '--run', 'charged');
    await fairqJson(env, 'publish', '--user', 'G', '--count', '100', '--run', 'charged');
    await fairqJson(env, 'worker', '--exit-when', 'empty', '--handler', file, '--backoff', '10ms');
    expect(await report('charged')).toMatchObject({ completed: 120, retries: 20, missing: 0, duplicates: 0 });
  });
});
