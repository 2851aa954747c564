import { randomUUID } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import { openConnection } from '../../src/broker/connection/connection.js';
import { ROLL_CALL_MS } from '../../src/broker/control/control.js';
import type { Explanation } from '../../src/core/explain/explanation.js';
import type { Reason, Why } from '../../src/core/explain/reason.js';
import { namesFor } from '../../src/core/queues/names.js';
import { systemClock } from '../../src/process/system-clock.js';
import { explainQueue } from '../../src/run/explain/explain.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairq, fairqJson, RunningFairq } from '../support/fairq.js';
import { useConnection, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const connection = useConnection(vhost);
const { env } = vhost;
const WAIT_MS = 60_000;

const started: RunningFairq[] = [];
afterEach(async () => {
  for (const one of started) one.signal('SIGKILL'); // they are at tasks of ten minutes
  await Promise.all(started.splice(0).map(({ ended }) => ended));
});

/** A worker that has just taken up the queues of some users; the broker may not list its connection yet. */
async function newWorker(name: string, users: string, ...flags: string[]): Promise<RunningFairq> {
  const serves = users.split(',').flatMap((user) => ['--queues', `fairq.user.${user}`]);
  const one = new RunningFairq(['worker', '--name', name, '-c', '2', ...serves, ...flags], env);
  started.push(one);
  await one.says(/ready, /, WAIT_MS);
  return one;
}

/** A worker for the queues of some users, so that no test is in the way of another. */
async function worker(name: string, users: string, ...flags: string[]): Promise<RunningFairq> {
  const one = await newWorker(name, users, ...flags);
  // The broker lists connections a moment later than they are there, and only who is listed is waited for.
  await eventually(
    async () => (await vhost.management.connectionNames()).some((listed) => listed.endsWith(name)),
    { timeoutMs: WAIT_MS, what: 'its connection is listed' },
  );
  return one;
}

const publish = async (user: string, count: number, task = 'sleep') => {
  const duration = task === 'sleep' || task === 'cpu' ? ['--duration', '10m'] : [];
  const args = ['publish', '--user', user, '--task', task, '--count', `${count}`, ...duration];
  return String((await fairqJson(env, ...args)).id);
};
const explain = (...args: string[]) => fairqJson<Explanation>(env, 'explain', ...args);
const shown = async (...args: string[]) => (await fairq(env, 'explain', ...args)).stdout.replace(/\s+/g, ' ');

/** The explanation as soon as this is what decides. */
function decided<W extends Why>(why: W, ...args: string[]) {
  let last: Explanation | undefined;
  return eventually(
    async () => {
      last = await explain(...args);
      const [reason] = last.reasons;
      return reason?.why === why && { ...last, reason: reason as Extract<Reason, { readonly why: W }> };
    },
    { timeoutMs: WAIT_MS, what: () => `${why} decides; it was ${JSON.stringify(last?.reasons)}` },
  );
}

it('nobody serves a user: there is no queue, no worker, or what comes does not get in', async () => {
  expect((await decided('no-queue', 'N')).reason).toEqual({ why: 'no-queue', queue: 'fairq.user.N' });
  await publish('N', 3);
  const { reason, nextStart, end, restsOn } = await decided('no-worker', 'N');
  expect(reason).toEqual({ why: 'no-worker', waiting: 3, others: 0 });
  expect([nextStart, end]).toEqual([
    { unknown: 'not before a worker serves it' },
    { unknown: 'not before a worker serves it' },
  ]);
  expect(restsOn).toBeNull();
  expect(await shown('N')).toContain('No worker serves it: 3 tasks wait, and no worker was heard');

  const queue = await fairqJson<{ explanation: Explanation }>(env, 'queues', 'show', 'N');
  expect(queue.explanation.reasons[0]).toEqual(reason);
  const { stdout } = await fairq(env, 'queues', 'show', 'N');
  expect(stdout).toMatch(/waits +No worker serves it: 3 tasks wait/);

  await vhost.channel.unbindQueue('fairq.user.N', 'fairq', 'N');
  expect((await explain('N')).reasons).toMatchObject([
    { why: 'no-worker' },
    { why: 'unbound', queue: 'fairq.user.N' },
  ]);
  await vhost.channel.purgeQueue('fairq.user.N');
  expect((await explain('N')).reasons).toMatchObject([{ why: 'unbound' }, { why: 'nothing-waits' }]);
  await vhost.channel.bindQueue('fairq.user.N', 'fairq', 'N');
  expect(await explain('N')).toMatchObject({
    reasons: [{ why: 'nothing-waits' }],
    nextStart: null,
    end: null,
  });
});

it('knows of a worker that has just started', async () => {
  await publish('J', 9);
  await newWorker('just-now', 'J');
  const { workers, reasons } = await explain('J');
  expect([workers, reasons.map(({ why }) => why)]).toEqual([
    ['just-now'],
    expect.not.arrayContaining(['unknown']),
  ]);
});

it('all slots are busy: whose turn it is, what is before a task, and what runs', async () => {
  await worker('w1', 'A,B');
  await publish('A', 2);
  const { reason } = await decided('runs', 'A');
  expect(reason).toMatchObject({ tasks: 2, at: [{ worker: 'w1', tasks: 2 }] });
  const second = await publish('A', 1);
  await publish('B', 4);
  const waits = await decided('turn', 'B');
  expect(waits.reason).toMatchObject({ worker: 'w1', users: 2 });
  expect(waits.reasons).toMatchObject([
    { why: 'turn' },
    { why: 'slots-busy', busy: 2, slots: 2, workers: 1 },
  ]);
  expect(waits.waiting).toBe(4);
  expect(waits.nextStart).toHaveProperty('unknown'); // nothing has ended here
  const text = await shown('B');
  expect(text).toContain('2 users take turns at w1');
  expect(text).toContain('All slots are busy: 2 of 2 at 1 worker');

  const task = await explain(second);
  expect(task).toMatchObject({ subject: { of: 'task', name: second }, user: 'A', queue: 'fairq.user.A' });
  expect(task.reasons.map(({ why }) => why)).toContain('slots-busy');
  expect(task.reasons.map(({ why }) => why)).not.toContain('behind-own');
  const last = await publish('B', 1);
  expect((await explain(last)).reasons[0]).toMatchObject({ why: 'behind-own' });
  const [told] = (await fairqJson<{ tasks: { id: string }[] }>(env, 'tasks', '--running')).tasks;
  expect((await decided('runs', told!.id)).reason).toMatchObject({
    tasks: 1,
    at: [{ worker: 'w1', tasks: 1 }],
  });
});

it('what operators have set: a pause, with what still runs, and a backlog that is full', async () => {
  await worker('w2', 'P');
  await publish('P', 2);
  await decided('runs', 'P');
  await publish('P', 3);
  const why = ['--reason', 'their importer is broken', '--by', 'ann'];
  await fairqJson(env, 'pause', 'P', '--for', '1h', ...why);
  const { reason, nextStart } = await decided('paused', 'P');
  expect(reason).toMatchObject({ of: 'user', name: 'P', rule: 'P', by: 'ann', running: 2 });
  expect(reason.said).toBe('their importer is broken');
  expect(reason.until).toBeGreaterThan(Date.now());
  expect(nextStart).toHaveProperty('unknown');
  const text = await shown('P');
  expect(text).toContain('User P is paused; set by ann');
  expect(text).toContain('fairq resume P');

  await fairqJson(env, 'pause', 'P');
  expect((await explain('P')).nextStart).toEqual({
    unknown: 'not before it is resumed: the pause has no end',
  });
  await fairqJson(env, 'resume', 'P');
  await decided('slots-busy', 'P');
  await fairqJson(env, 'policy', 'set', 'Q', '--backlog', '2');
  await publish('Q', 2);
  expect((await explain('Q')).reasons).toMatchObject([
    { why: 'no-worker' },
    { why: 'backlog-full', limit: 2, ready: 2, setFor: { rule: 'Q' } },
  ]);
  await fairqJson(env, 'policy', 'unset', 'Q');
});

it('a cap and a rate, with who has the permits, and when the next token may come', async () => {
  await fairqJson(env, 'policy', 'set', 'C', '--cap', '1', '--by', 'ann');
  await worker('w5', 'C');
  await publish('C', 3);
  const reason = await eventually(
    async () => {
      const found = (await decided('cap', 'C')).reason;
      return found.running === 1 && found; // the permit may be on its way
    },
    { timeoutMs: WAIT_MS, what: 'one runs' },
  );
  expect(reason).toMatchObject({ of: 'user', name: 'C', rule: 'C', by: 'ann', cap: 1 });
  expect(reason.at).toEqual([{ worker: 'w5', tasks: 1 }]);
  expect(await shown('C')).toContain('User C may run 1 at a time, and 1 of 1 run, at w5; set by ann');

  await fairqJson(env, 'policy', 'set', 'L', '--rate', '1/m');
  await worker('w6', 'L');
  await publish('L', 3, 'noop');
  const limited = await eventually(
    async () => {
      const { reason: rate, nextStart } = await decided('rate', 'L');
      return rate.nextTokenMs !== undefined && { rate, nextStart };
    },
    { timeoutMs: WAIT_MS, what: 'the worker tells when its token comes free' },
  );
  expect(limited.rate).toMatchObject({ rate: { starts: 1, perMs: 60_000 }, rule: 'L' });
  expect(limited.rate.nextTokenMs).toBeLessThanOrEqual(60_000);
  expect(limited.nextStart).toHaveProperty('leastMs', expect.any(Number));
  expect(await shown('L')).toContain('User L may start 1/m, and has: the next may start in');
  await fairqJson(env, 'policy', 'unset', 'C');
  await fairqJson(env, 'policy', 'unset', 'L');
});

it('a task that has failed waits for its next attempt, or is a dead letter; one that is done waits no more', async () => {
  const retries = await worker('w3', 'R', '--backoff', '2m', '--max-attempts', '2');
  const id = await publish('R', 1, 'no-such-handler');
  const { reason, waiting } = await decided('retry-due', 'R');
  expect(reason.tasks).toBe(1);
  expect(waiting).toBe(1);
  expect(reason.at).toBeGreaterThan(Date.now());
  expect((await decided('retry-due', id)).reason).toMatchObject({ attempt: 1 });
  expect(await shown(id)).toContain('A task waits for the next attempt after attempt 1: due in');
  retries.signal('SIGTERM');
  await retries.ended;
  // Nobody holds it now: whose it is nobody knows.
  expect((await decided('maybe-delayed', 'R')).reason).toMatchObject({ tasks: 1 });
  await decided('retry-due', id);
  await vhost.channel.purgeQueue('fairq.retry.120000ms');

  const dead = await publish('D', 1, 'no-such-handler');
  const done = await publish('D', 1, 'noop');
  const serving = [
    '--queues',
    'fairq.user.D',
    '--max-attempts',
    '1',
    '--exit-when',
    'idle',
    '--idle-for',
    '1s',
  ];
  await new FairqHere(['worker', ...serving], env).ended;
  expect((await decided('dead-letter', dead)).reason).toMatchObject({
    attempts: 1,
    error: expect.stringContaining('no handler'),
  });
  await decided('done', done);
  await decided('nothing-waits', 'D');
});

it('a worker that does not answer has the tasks, and is named with when it was last heard', async () => {
  await worker('watches', 'elsewhere');
  const deaf = await worker('deaf', 'Z');
  await publish('Z', 2);
  await decided('runs', 'Z');
  deaf.signal('SIGSTOP');
  const deps = {
    connection: connection.current,
    management: vhost.management,
    names: namesFor('fairq'),
    clock: systemClock,
    newId: randomUUID,
    onWaiting: () => {},
    withinMs: ROLL_CALL_MS,
    connectToAsk: () => openConnection(vhost.address, 'test, asking'),
  };
  const found = await eventually(
    async () => {
      const [reason] = (await explainQueue(deps, 'fairq.user.Z')).reasons;
      return reason?.why === 'silent-worker' && reason.workers[0]?.since !== undefined && reason;
    },
    { timeoutMs: WAIT_MS, what: 'another worker misses it' },
  );
  expect(found).toMatchObject({ workers: [{ worker: 'deaf' }], tasks: 2 });
  deaf.signal('SIGCONT');
});

it('a tenant, and what its own share keeps from a user of it', async () => {
  await worker('w4', 't*', '--tenant-of', 'prefix:-');
  await publish('t1-a', 2);
  await decided('runs', 't1-a');
  await publish('t1-a', 2);
  await publish('t2-b', 2);
  const told = await decided('slots-busy', '--tenant', 't2');
  expect(told).toMatchObject({ subject: { of: 'tenant', name: 't2' }, waiting: 2, running: 0 });
  await fairqJson(env, 'pause', '--tenant', 't2', '--by', 'ann');
  const paused = { why: 'paused', of: 'tenant', name: 't2', by: 'ann', running: 0 };
  expect((await decided('paused', 't2-b')).reason).toMatchObject(paused);
  expect((await decided('paused', '--tenant', 't2')).reason).toMatchObject(paused);
  await fairqJson(env, 'resume', '--tenant', 't2');
  await decided('slots-busy', '--tenant', 't2');
  expect((await explain('--tenant', 'nobody')).reasons).toMatchObject([{ why: 'unknown' }]);
});

it('what makes no sense is refused, and a user whose name reads like an id is a user', async () => {
  for (const args of [[], ['A', '--tenant', 'T'], [''], ['--task', 'x'.repeat(300)]]) {
    const { code, stderr } = await fairq(env, 'explain', ...args);
    expect([code, stderr]).toEqual([64, expect.stringContaining('error')]);
  }
  const id = '01932a7c-8a3e-7c00-9f3a-2f6d1c0b7e55';
  const unheard = await fairq(env, 'explain', id);
  expect(unheard).toMatchObject({ code: 64, stderr: expect.stringContaining('nobody has heard of a task') });
  await publish(id, 1);
  expect(await explain(id)).toMatchObject({ subject: { of: 'user', name: id }, waiting: 1 });
  expect(await fairq(env, 'explain', '--task', id)).toMatchObject({ code: 64 });
});
