import { writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { namesFor } from '../../src/core/queues/names.js';
import type { PruneOutcome } from '../../src/core/reports/queue-report.js';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { systemClock } from '../../src/process/system-clock.js';
import { Pruner } from '../../src/run/queues/prune/prune.js';
import { evaluate } from '../support/erlang.js';
import { eventually } from '../support/eventually.js';
import { fairq, fairqJson, startFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useConnection, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const connected = useConnection(vhost);
const folder = useFolder();
const AWAY = 'fairq.user.away';
const TASKS = 3;

/** What the loss of its nodes does to a quorum queue: no member of it answers. Its tasks stay on the disk. */
async function member(does: 'stop_server' | 'restart_server', queue = AWAY): Promise<void> {
  const pid = inject('brokerPid');
  if (pid === undefined) throw new Error('FAIRQ_URI names a broker, and this test stops a queue of its own');
  const said = await evaluate(
    { pid },
    `{ok, Queue} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"${vhost.address.vhost}">>, queue, <<"${queue}">>)),
     {Member, _} = amqqueue:get_pid(Queue),
     ra:${does}(quorum_queues, {Member, node()}).`,
  );
  expect(said.trim()).toBe('ok');
}

async function prune(...users: string[]): Promise<PruneOutcome[]> {
  const outcomes: PruneOutcome[] = [];
  const deps = { connection: connected.current, names: namesFor('fairq'), clock: systemClock };
  const pruner = await Pruner.open(
    { ...deps, newId: () => 'id' },
    { concurrency: 2, graceMs: 100, workers: 0 },
    { onOutcome: (outcome) => outcomes.push(outcome), onStep: () => {}, onWarning: () => {} },
  );
  await pruner.prune(users.map((user) => ({ name: `fairq.user.${user}`, type: 'quorum', consumers: 0 })));
  await pruner.close();
  return outcomes;
}

describe('a quorum queue of which no node answers', () => {
  beforeAll(async () => {
    const flags = ['--units', 'user', '--queue-type', 'quorum', '--task', 'noop'];
    await fairqJson(env, 'publish', '--user', 'away', '--count', String(TASKS), '--run', 'away', ...flags);
    await fairqJson(env, 'publish', '--user', 'there', '--count', '2', '--run', 'there', ...flags);
    await vhost.channel.assertQueue('fairq.user.empty', { arguments: { 'x-queue-type': 'quorum' } });
    await vhost.channel.bindQueue('fairq.user.empty', 'fairq', 'empty');
    await member('stop_server');
  });

  it('says of itself that it is empty, and is not pruned for that; others are', async () => {
    expect(await vhost.ready(AWAY)).toBe(0);
    const outcomes = await prune('away', 'empty', 'there');
    const of = (user: string) => outcomes.find(({ queue }) => queue === `fairq.user.${user}`);
    expect(of('away')).toMatchObject({ outcome: 'kept', reason: expect.stringContaining('it is down') });
    expect(of('empty')).toMatchObject({ outcome: 'pruned' });
    expect(of('there')).toMatchObject({ outcome: 'kept', reason: 'a task came' });
    expect((await vhost.management.boundQueues('fairq')).has(AWAY)).toBe(true);
  });

  it('keeps report from calling its tasks missing', async () => {
    const { stdout, stderr } = await fairq(env, 'report', '--run', 'away');
    expect(stdout.replace(/\s+/g, ' ')).toContain(`UNKNOWN of ${TASKS} whether they wait or are missing`);
    expect(stdout).not.toContain('MISSING');
    expect(stderr).toContain(`the queue "${AWAY}" does not answer: it is down`);
    const { missing, unknown } = await fairqJson<RunReport>(env, 'report', '--run', 'away');
    expect({ missing, unknown }).toEqual({ missing: 0, unknown: TASKS });
  });

  it('is what explain says, of the user and of a task', async () => {
    const { stdout, stderr } = await fairq(env, 'explain', 'away');
    expect(stdout, stderr).toContain(`The queue ${AWAY} does not answer`);
    expect(stdout).not.toContain('Nothing is in its queue');
    const { reasons } = await fairqJson<{ reasons: { why: string }[] }>(env, 'explain', 'away');
    expect(reasons[0]).toEqual({ why: 'queue-down', queue: AWAY });
  });

  it.each([[[]], [['--with-tasks']]])('is not deleted by queues delete %j', async (flags) => {
    const { code, stdout } = await fairq(env, 'queues', 'delete', 'away', '--yes', ...flags);
    expect(stdout).toContain('it is down');
    expect(code).toBe(3);
  });

  it('is named by publish, which sends to the others meanwhile', async () => {
    const file = folder.file('both.ndjson');
    const users = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 'away' : 'other'));
    await writeFile(file, users.map((user) => JSON.stringify({ user, task: 'noop' })).join('\n'));
    const publish = startFairq(['publish', '--from', file, '--run', 'both', '--queue-type', 'quorum'], env);
    await eventually(async () => (await vhost.ready('fairq.user.other')) === 100, {
      timeoutMs: 60_000,
      what: 'all tasks of the other user are there',
    });
    const { code, stdout, stderr } = await publish.ended;
    expect(code, stderr).toBe(3);
    expect(stdout).toMatch(/100 tasks not taken by the broker/);
    expect(stdout).toMatch(/the queue "fairq\.user\.away" has taken nothing for 30 s/);
  });

  it('costs a worker no more than one connection: it serves the others, and this one when it is back', async () => {
    const worker = startFairq(['worker', '--discover-every', '1s'], env);
    await worker.says(/"fairq\.user\.away".* it is down/);
    const done = (run: string, tasks: number) =>
      eventually(
        async () => {
          const { code, stdout } = await fairq(env, '--json', 'report', '--run', run);
          return code === 0 && (JSON.parse(stdout) as RunReport).completed === tasks;
        },
        { timeoutMs: 120_000, what: `the tasks of ${run} have run` },
      );
    await done('there', 2);
    await fairqJson(env, 'publish', '--user', 'new', '--run', 'new', '--task', 'noop');
    await done('new', 1);
    await member('restart_server');
    await done('away', TASKS);
    worker.signal('SIGTERM');
    const { code, stderr } = await worker.ended;
    expect(code, stderr).toBe(0);
    expect(stderr.split('the connection to the broker was lost').length, stderr).toBeLessThanOrEqual(2);
  });

  it('of tasks that wait for their next attempt costs a worker no more either', async () => {
    const own = { ...env, FAIRQ_PREFIX: 'retrying' };
    const flags = ['--queue-type', 'quorum'];
    const once = ['--count', '1', '--task', 'noop', '--units', 'user', ...flags];
    const work = ['worker', ...flags, '--backoff', '1s'];
    await fairqJson(own, 'publish', '--user', 'A', ...once);
    await fairqJson(own, ...work, '--exit-when', 'empty');
    await member('stop_server', 'retrying.retry.1000ms');
    const worker = startFairq(work, own);
    await worker.says(/ready, /);
    await fairqJson(own, 'publish', '--user', 'A', '--run', 'later', ...once);
    await eventually(
      async () => {
        const { code, stdout } = await fairq(own, '--json', 'report', '--run', 'later');
        return code === 0 && (JSON.parse(stdout) as RunReport).completed === 1;
      },
      { timeoutMs: 60_000, what: () => `the task has run; the worker said ${worker.stderr}` },
    );
    await member('restart_server', 'retrying.retry.1000ms');
    worker.signal('SIGTERM');
    const { code, stderr } = await worker.ended;
    expect(code, stderr).toBe(0);
    expect(stderr.split('the connection to the broker was lost').length, stderr).toBeLessThanOrEqual(2);
  });
});
