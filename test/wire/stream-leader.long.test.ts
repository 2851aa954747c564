import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Connection, openConnection } from '../../src/broker/connection/connection.js';
import { Publisher } from '../../src/broker/publishing/publisher.js';
import { StreamReader } from '../../src/broker/streams/stream-reader.js';
import { namesFor } from '../../src/core/queues/names.js';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { Cluster } from '../support/cluster.js';
import { eventually } from '../support/eventually.js';
import { fairq, fairqJson, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { addressOf } from '../support/vhost.js';

const QUORUM = ['--queue-type', 'quorum'];
const names = namesFor('fairq');
const folder = useFolder();
// Undefined where its start failed.
let cluster: Cluster | undefined;
let connection: Connection | undefined;

beforeAll(async () => {
  cluster = await Cluster.start(3);
}, 180_000);
afterAll(async () => {
  await connection?.close();
  await cluster?.stop();
});

/** For who is connected to this node alone. */
function envOf(node: number): Record<string, string> {
  return { FAIRQ_URI: cluster!.uris[node]!, FAIRQ_MANAGEMENT_URI: cluster!.managementUris[node]! };
}

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
  const env = envOf(1);
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
  await fairqJson(envOf(0), ...publish('first', 1, {}));
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
