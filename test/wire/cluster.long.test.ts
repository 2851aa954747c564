import { readFileSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Connection, openConnection } from '../../src/broker/connection/connection.js';
import { Publisher } from '../../src/broker/publishing/publisher.js';
import { StreamReader } from '../../src/broker/streams/stream-reader.js';
import { namesFor } from '../../src/core/queues/names.js';
import type { Finding } from '../../src/core/reports/finding.js';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { Cluster } from '../support/cluster.js';
import { eventually } from '../support/eventually.js';
import { fairq, fairqJson, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { addressOf } from '../support/vhost.js';

const QUORUM = ['--queue-type', 'quorum'];
const AT_LEAST = 6_000;
const USERS = 20;
/** So many have one among them that fails at first: retries wait on the broker when the node goes. */
const ONE_FAILS_IN = 17;
/** Of the stream whose leader goes: the tests have nothing in common but the nodes, which take long to start. */
const OF_LEADER: Record<string, string> = { FAIRQ_PREFIX: 'leader' };
const names = namesFor('leader');
// Undefined where its start failed.
let cluster: Cluster | undefined;
let connection: Connection | undefined;
const folder = useFolder();

beforeAll(async () => {
  cluster = await Cluster.start(3);
});
afterAll(async () => {
  await connection?.close();
  await cluster?.stop();
});

/** For who is connected to this node alone. */
function envOf(node: number): Record<string, string> {
  return { FAIRQ_URI: cluster!.uris[node]!, FAIRQ_MANAGEMENT_URI: cluster!.managementUris[node]! };
}

/** For when a test fails. */
async function byLastNode(): Promise<string> {
  const { published, completed, missing } = await fairqJson<RunReport>(envOf(2), 'report', '--run', 'lost');
  return `read on the last node: ${JSON.stringify({ published, completed, missing })}`;
}

describe('a cluster of three nodes', () => {
  it('may lose the one that everybody is connected to, under load, and no task when it is back', async () => {
    const { env } = cluster!;
    const handler = folder.file('flaky.mjs');
    /** A line for each task that has run: its id and its user. */
    const ran = folder.file('ran.txt');
    writeFileSync(ran, '');
    writeFileSync(
      handler,
      `import { appendFileSync } from 'node:fs';
       export function flaky({ failsAtFirst }, { id, user, attempt }) {
         if (attempt === 1 && failsAtFirst) throw new Error('not yet');
         appendFileSync(${JSON.stringify(ran)}, id + ' ' + user + '\\n');
       }`,
    );
    let killed = false;
    let lines = 0;
    let failing = 0;
    // It has more to send when the node goes, however slow the machine is.
    const load = Readable.from(
      (function* () {
        while (!killed || lines < AT_LEAST) {
          const failsAtFirst = lines % ONE_FAILS_IN === 0;
          if (failsAtFirst) failing++;
          const user = `user-${(lines++ % USERS) + 1}`;
          yield `${JSON.stringify({ user, task: 'flaky', payload: { failsAtFirst } })}\n`;
        }
      })(),
    );
    const from = ['--from', '-', '--stream', '--run', 'lost', '--rate', '600/s'];
    const publisher = new RunningFairq(['publish', ...from, ...QUORUM], env, load);
    const flags = ['--handler', handler, '--backoff', '500ms'];
    const workers = [1, 2].map(() => new RunningFairq(['worker', ...flags, ...QUORUM], env));
    for (const worker of workers) await worker.says(/ready, /, 120_000);
    // A report would read the whole stream each time, on a broker that has enough to do.
    const tasksRun = () => new Set(readFileSync(ran, 'utf8').split('\n').slice(0, -1)).size;
    const usersRun = () => new Set(readFileSync(ran, 'utf8').match(/user-\d+$/gm)).size;
    // RabbitMQ leaves a quorum queue without members where the node that makes it dies meanwhile: every queue is there.
    await eventually(() => usersRun() === USERS && tasksRun() > 2_000, {
      timeoutMs: 120_000,
      what: '2,000 tasks to run, of all users',
    });
    cluster!.kill(0);
    killed = true;
    for (const process of [publisher, ...workers]) await process.says(/connected again/, 180_000);
    const { code, stderr } = await publisher.ended;
    expect(code, stderr).toBe(0);
    // Before 4.3 a quorum queue keeps what a cancelled consumer on the lost node had not acknowledged until that node is
    // back. From 4.3 on it keeps what any consumer there held for 60 s.
    await cluster!.startAgain(0);
    const allRun = (timeoutMs: number) =>
      eventually(
        async () => {
          const count = tasksRun();
          if (count !== lines)
            throw new Error(`${count} of ${lines} have; left are ${await cluster!.busyQueues()}`);
          return true;
        },
        { timeoutMs, what: 'every task has run' },
      );
    try {
      await allRun(120_000);
    } catch (error) {
      // A queue whose leader has not heard that the node is back keeps the dead consumer, and what that had: it is rare
      // (3.10). A new leader looks anew which consumers are there.
      const kept = (await cluster!.busyQueues())
        .split('\n')
        .filter((line) => /"consumers":[3-9]\b/.test(line));
      if (kept.length === 0) throw error;
      console.warn(`RabbitMQ keeps dead consumers of ${kept.length} queues; their leaders are started anew`);
      for (const node of [1, 2]) {
        cluster!.kill(node);
        await cluster!.startAgain(node);
      }
      await allRun(180_000);
    }
    for (const worker of workers) worker.signal('SIGTERM');
    for (const worker of workers) {
      const { code, stderr } = await worker.ended;
      expect(code, stderr).toBe(0);
    }
    const report = await fairqJson<RunReport>(env, 'report', '--run', 'lost');
    const whole = { published: lines, completed: lines, failed: 0, missing: 0 };
    // It is read on the node that is back, which has a replica of its own.
    const elsewhere = report.completed === lines ? '' : await byLastNode();
    expect(report, elsewhere).toMatchObject(whole);
    expect(report.retries).toBeGreaterThanOrEqual(failing);
    const { letters } = await fairqJson<{ letters: unknown[] }>(env, 'dead', 'list');
    expect(letters).toEqual([]);
  });
});

async function records(reading: Connection, stream: string): Promise<string[]> {
  const found: string[] = [];
  const reader = await StreamReader.open(reading, stream, 'first', {
    onMessage: (type) => {
      if (type.startsWith('record')) found.push(type);
    },
    onFailure: () => {},
  });
  await reader.caughtUp();
  await reader.close();
  return found;
}

it('what is written once a stream has another leader is in it: completions, and records of a publisher', async () => {
  const [starts, ends, gate] = ['starts', 'ends', 'gate'].map((name) => folder.file(name));
  const handler = folder.file('step.mjs');
  const gated = new URL('../support/gated-tasks.mjs', import.meta.url).href;
  writeFileSync(
    handler,
    `import { appendFileSync } from 'node:fs';
     import { gated } from ${JSON.stringify(gated)};
     export async function step(payload, { id }) {
       if (!payload.gate) return { ran: id };
       appendFileSync(${JSON.stringify(starts)}, 'x');
       await gated(payload);
       appendFileSync(${JSON.stringify(ends)}, 'x');
       return { ran: id };
     }`,
  );
  const written = (file: string | undefined, count: number, what: string) =>
    eventually(() => readFileSync(file!, 'utf8').length === count, { timeoutMs: 60_000, what });
  const env = { ...envOf(1), ...OF_LEADER };
  const publish = (run: string, count: number, payload: object, ...flags: string[]) => {
    const load = ['--user', 'A', '--count', `${count}`, '--task', 'step', '--run', run];
    return ['publish', ...load, '--payload', JSON.stringify(payload), ...flags, ...QUORUM];
  };
  const completed = (run: string, count: number) =>
    eventually(
      async () => {
        const { code, stdout } = await fairq(env, '--json', 'report', '--run', run);
        const report = code === 0 ? (JSON.parse(stdout) as RunReport) : undefined;
        if (report?.completed !== count)
          throw new Error(`${report?.completed} of ${count} are in the report`);
        return true;
      },
      { timeoutMs: 60_000, what: `the completions of run ${run}` },
    );

  // The node of whoever makes a stream is its leader.
  await fairqJson({ ...envOf(0), ...OF_LEADER }, ...publish('first', 1, {}));
  const worker = new RunningFairq(['worker', '--handler', handler, ...QUORUM], env);
  // A batch of completions for nearly each, and a message with its result.
  await fairqJson(env, ...publish('before', 60, {}, '--rate', '100/s'));
  await completed('before', 60);
  connection = await openConnection(
    addressOf(new URL(env.FAIRQ_URI!), env.FAIRQ_MANAGEMENT_URI!, '/'),
    'test',
    { reconnectForMs: 60_000 },
  );
  // A channel that has met the stream before hears of its next leader.
  const probe = await connection.confirmChannel();
  const probed = () =>
    new Promise<void>((resolve, reject) => {
      const options = { type: 'probe' };
      probe.sendToQueue(names.eventStream, Buffer.from(''), options, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  await probed();
  const sender = await Publisher.open(
    connection,
    names,
    { queueKind: { type: 'quorum', ordered: false }, onConfirmed: () => {} },
    () => performance.now(),
  );
  for (let sequence = 1; sequence <= 60; sequence++) {
    const now = Date.now() * 1_000;
    const envelope = { user: 'A', run: 'sent', sequence, intendedAt: now, sentAt: now, attempt: 1 };
    const payload = Buffer.from('{}');
    sender.send({
      id: `task-${sequence}`,
      type: 'step',
      contentType: 'application/json',
      payload,
      envelope,
    });
  }
  await sender.settled();
  await sender.record('record-before', Buffer.from('{}'));
  await completed('sent', 60);
  await fairqJson(env, ...publish('meanwhile', 5, { gate }));
  await written(starts, 5, 'five tasks run');

  // The leader takes no more: what is written is not confirmed when it goes.
  cluster!.signal(0, 'SIGSTOP');
  const recorded = sender.record('record-meanwhile', Buffer.from('{}'));
  writeFileSync(gate!, '');
  await written(ends, 5, 'the five tasks have ended');
  cluster!.kill(0);
  await probed();
  // The channels of before go on: what they are given now is not to be taken for a repeat.
  const later = [1, 2, 3, 4, 5].map((i) => `record-after-${i}`);
  await Promise.all([
    recorded,
    ...later.map((type) => sender.record(type, Buffer.from('{}'))),
    fairqJson(env, ...publish('after', 20, {})),
  ]);
  await completed('after', 20);
  await completed('meanwhile', 5);
  expect(await records(connection, names.eventStream)).toEqual(
    expect.arrayContaining(['record-before', 'record-meanwhile', ...later]),
  );
  worker.signal('SIGTERM');
  const { code, stderr } = await worker.ended;
  expect(code, stderr).toBe(0);
});

it('a queue that has lost most of its nodes is listed with nothing that is known of it, and is not to be pruned', async () => {
  // One node has gone before.
  const env = envOf(2);
  await fairqJson(env, 'publish', '--user', 'down', '--count', '3', ...QUORUM);
  // A classic queue is on the node of whoever makes it.
  await fairqJson(envOf(1), 'publish', '--user', 'classic', '--count', '1');
  cluster!.kill(1);
  const listed = async (name = 'down') => {
    const { queues } = await fairqJson<{ queues: { user: string; down: boolean; ready: number | null }[] }>(
      env,
      'queues',
      'list',
    );
    return queues.find(({ user }) => user === name);
  };
  await eventually(async () => (await listed())?.down, {
    timeoutMs: 120_000,
    what: 'the queue is listed as down',
  });
  expect(await listed()).toMatchObject({ ready: null, unacknowledged: null, consumers: null });
  await eventually(async () => (await listed('classic'))?.down, {
    timeoutMs: 120_000,
    what: 'the queue whose node is away is listed as down',
  });
  const { stdout } = await fairq(env, 'queues', 'list', 'down');
  expect(stdout).toMatch(/^down +unknown +unknown +unknown +unknown/m);
  expect(stdout).toMatch(/1 queue is down: most of the nodes/);
  const plan = await fairq(env, 'queues', 'prune', '--dry-run', '--idle-for', '0s', '--match', 'down');
  expect(plan.stdout).toContain('1 queue is down and stays');
  const { findings } = JSON.parse((await fairq(env, '--json', 'doctor')).stdout) as { findings: Finding[] };
  expect(findings.find(({ check }) => check === 'down')).toMatchObject({ level: 'problem' });
});
