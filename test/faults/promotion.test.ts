import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import amqplib, { type ChannelModel, type ConfirmChannel } from 'amqplib';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import type { WorkerReport } from '../../src/core/reports/worker-report.js';
import { seededRandom } from '../../src/core/values/random.js';
import { eventually } from '../support/eventually.js';
import { fairq, fairqJson } from '../support/fairq.js';
import { notesIn } from '../support/noted-tasks.js';
import { NotingWorkers } from '../support/noting-workers.js';
import { useFaultBroker } from './support/fault-broker.js';
import { addResult } from './support/results.js';

const RUN = 'load';
const BURST = 200;
const LIGHT = 20;
const WAIT_MS = 300_000;
const broker = useFaultBroker();
const folder = mkdtempSync(join(tmpdir(), 'fairq-fault-promotion-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const random = seededRandom(Number(process.env.FAIRQ_FAULT_SEED ?? 1));

let vhost: string;
let tests = 0;
let workers: NotingWorkers;
let env: Readonly<Record<string, string>>;
let model: ChannelModel;
let channel: ConfirmChannel;
let sent: number;
const numbers = new Map<string, number>();

beforeEach(async () => {
  vhost = `promotion-${tests++}`;
  await broker.makeVhost(vhost);
  env = { FAIRQ_URI: `${broker.uri}${vhost}`, FAIRQ_MANAGEMENT_URI: broker.managementUri };
  workers = new NotingWorkers(env, join(folder, vhost));
  sent = 0;
  numbers.clear();
  await fairqJson(env, 'publish', '--units', 'shared:4', '--user', 'first', '--count', '1', '--task', 'work');
  model = await amqplib.connect(`${broker.uri}${vhost}`);
  model.on('error', () => {}); // a fault may take it
  channel = await model.createConfirmChannel();
});
afterEach(async () => {
  workers.end();
  await model.close().catch(() => {});
});

/** As a client in any language would; the broker has all of it when it resolves. */
async function send(user: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const number = (numbers.get(user) ?? 0) + 1;
    numbers.set(user, number);
    channel.publish('fairq', user, Buffer.from('{"ms":1}'), {
      persistent: true,
      mandatory: true,
      messageId: `task-${++sent}`,
      type: 'work',
      headers: { 'x-fairq': `1 ${number} 1 ${Date.now() * 1_000} 0 ${RUN} ${user}` },
    });
  }
  await channel.waitForConfirms();
}

/** Every task has run to its end, and none is anywhere. @returns how many ran again */
async function allRan(fault: string, beside = 1): Promise<number> {
  const done = () => new Set(notesIn(workers.log).flatMap(({ what, id }) => (what === 'e' ? [id] : []))).size;
  await eventually(() => done() === sent + beside, {
    timeoutMs: WAIT_MS,
    what: () => `all ${sent + beside} tasks have run; ${done()} have`,
  });
  const repeats = workers.starts() - sent - beside;
  const versions = `RabbitMQ ${broker.version}, Node ${process.versions.node}`;
  addResult({ fault, versions, tasks: sent, repeats, secondsToRecover: null });
  console.log(`RabbitMQ ${broker.version}: ${fault}: ${sent} tasks, ${repeats} ran again`);
  return repeats;
}

const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);
const reports = async () => (await workers.stop()).map(({ stdout }) => JSON.parse(stdout) as WorkerReport);
const FLAGS = ['--max-crashes', '1000', '--demote-after', '1s'];

describe('light users that become heavy', () => {
  it('lose no task while workers are killed two hundred times', async () => {
    await workers.startAll(3, 4, ...FLAGS);
    for (let kills = 1; kills <= 200; kills++) {
      // A user that nobody knows, and one that had a queue a while ago and may have lost it.
      await Promise.all([
        send(`new-${kills}`, BURST),
        send(`again-${kills % 7}`, BURST / 2),
        send(`light-${kills % 50}`, LIGHT),
      ]);
      // Anywhere between the first delivery and the last move.
      await new Promise((resolve) => setTimeout(resolve, random() * 150));
      await workers.kill(workers.workers[Math.floor(random() * workers.workers.length)]!);
      const started = workers.start(4, ...FLAGS);
      if (workers.workers.length < 3) await started;
      else started.catch(() => {});
    }
    await allRan('200 workers killed, promoted');
    const told = await reports();
    expect(sum(told.map(({ failed }) => failed))).toBe(0);
    const { completed, missing } = await fairqJson<RunReport>(env, 'report', '--run', RUN);
    expect(completed).toBe(sent);
    expect(missing ?? 0).toBe(0);
  });

  it('lose no task while a pruner prunes, and somebody deletes their queues', async () => {
    await workers.startAll(3, 4, ...FLAGS);
    for (let round = 0; round < 30; round++) {
      await Promise.all([
        send(`a-${round % 5}`, BURST),
        send(`light-${round % 50}`, LIGHT),
        fairq(env, 'queues', 'prune', '--idle-for', '0s', '--yes'),
      ]);
    }
    await allRan('pruned while promoted');
    await reports();
  });

  it('lose no task where the broker is killed and starts again', async () => {
    await workers.startAll(3, 4, ...FLAGS, '--reconnect-for', 'forever');
    for (let round = 0; round < 3; round++) {
      for (let user = 0; user < 5; user++) await send(`heavy-${round}-${user}`, BURST);
      await workers.untilStarts(workers.starts() + 50);
      await broker.kill();
      await broker.start();
      model = await amqplib.connect(`${broker.uri}${vhost}`);
      model.on('error', () => {});
      channel = await model.createConfirmChannel();
    }
    await allRan('broker killed, promoted');
    await reports();
  });
});
