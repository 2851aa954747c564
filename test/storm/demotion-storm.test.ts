import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import amqplib, { type ConfirmChannel } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QueueType } from '../../src/broker/queues/topology.js';
import { between, chanceOf, seed } from '../faults/support/chance.js';
import { useFaultBroker } from '../faults/support/fault-broker.js';
import { eventually } from '../support/eventually.js';
import { fairqJson, RunningFairq } from '../support/fairq.js';
import { handlerIn, keepResult, ranIn } from './storm-log.js';

const WORKERS = 3;
const USERS = 60;
const BURST = 80;
const DEMOTIONS = 1_000;
/** Nobody takes this one's queue away: what holds it up is no demotion. */
const CONTROL = 'control';

const broker = useFaultBroker('collect_statistics_interval = 500');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairq-storm-units-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Queues that workers say they have taken away. */
function demotedBy(workers: readonly RunningFairq[]): number {
  const counts = workers.flatMap(({ stderr }) =>
    [...stderr.matchAll(/ (\d+) queues of users that have nothing left are taken away/g)].map(([, count]) =>
      Number(count),
    ),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Users come in bursts, from a client that knows nothing of queues, and rest for so long that their queues go. */
class BurstingClient {
  readonly confirmed: string[] = [];
  /** From a publish to its confirm; milliseconds. */
  readonly waitsMs: number[] = [];
  /** Tasks that were sent once more. */
  refused = 0;
  #isStopped = false;
  #ended: Promise<void> | undefined;

  constructor(
    private readonly uri: string,
    private readonly users: readonly string[],
    private readonly random: ReturnType<typeof chanceOf>,
  ) {}

  start(): void {
    this.#ended = this.#publish();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#ended;
  }

  /** Resolves when the broker has it. A quorum queue that is deleted refuses what is on its way. */
  async #send(channel: ConfirmChannel, user: string, number: number): Promise<void> {
    const id = `${user}-${number}`;
    const from = performance.now();
    const headers = { 'x-fairq': `1 ${number} 1 ${Date.now() * 1_000} 0 storm ${user}` };
    const options = { persistent: true, mandatory: true, messageId: id, type: 'work', headers };
    const isTaken = () =>
      new Promise<boolean>((resolve) => {
        channel.publish('fairq', user, Buffer.from('{}'), options, (error) => resolve(!error));
      });
    while (!(await isTaken())) this.refused++;
    this.confirmed.push(id);
    this.waitsMs.push(performance.now() - from);
  }

  async #publish(): Promise<void> {
    const model = await amqplib.connect(this.uri, { noDelay: true });
    const channel = await model.createConfirmChannel();
    let number = 0;
    while (!this.#isStopped) {
      const user = this.users[Math.floor(between(this.random, 0, this.users.length))]!;
      const burst = Array.from({ length: BURST }, () => this.#send(channel, user, ++number));
      await Promise.all(burst);
      await new Promise((resolve) => setTimeout(resolve, between(this.random, 0, 200)));
    }
    await model.close();
  }
}

/** Of the waits of some clients; milliseconds. */
function waitsOf(clients: readonly BurstingClient[]) {
  const sorted = clients.flatMap(({ waitsMs }) => waitsMs).sort((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))]!);
  return {
    p50: at(0.5),
    p99: at(0.99),
    p999: at(0.999),
    longest: at(1),
    over100: sorted.filter((ms) => ms > 100).length,
  };
}

describe.each<QueueType>(['classic', 'quorum'])('a storm of demotions of %s queues', (queueType) => {
  it('loses no confirmed task, whenever users come back', async () => {
    const random = chanceOf(`demotions ${queueType}`);
    const vhost = `units-${queueType}`;
    await broker.makeVhost(vhost);
    const log = join(folder, queueType);
    mkdirSync(log);
    const uri = `amqp://guest:guest@${new URL(broker.uri).host}/${vhost}`;
    const env = { FAIRQ_URI: uri, FAIRQ_MANAGEMENT_URI: broker.managementUri };
    const type = ['--queue-type', queueType];
    await fairqJson(env, 'publish', '--units', 'shared:8', '--user', 'first', '--task', 'work', ...type);
    const flags = ['--handler', handlerIn(log), '--demote-after', '200ms', '--verbose', ...type];
    const workers = Array.from({ length: WORKERS }, () => new RunningFairq(['worker', ...flags], env));
    for (const worker of workers) await worker.says(/ready, /);
    const clients = Array.from({ length: 4 }, (_, i) => {
      const users = Array.from({ length: USERS / 4 }, (_, j) => `user-${i}-${j}`);
      return new BurstingClient(uri, users, random);
    });
    const control = new BurstingClient(uri, [CONTROL], random);
    const model = await amqplib.connect(uri);
    const channel = await model.createChannel();
    await channel.assertQueue(CONTROL, {
      durable: true,
      arguments: { 'x-queue-type': queueType, 'x-max-length': 1_000 },
    });
    await channel.bindQueue(CONTROL, 'fairq', CONTROL);
    await model.close();
    for (const client of [...clients, control]) client.start();
    await eventually(() => demotedBy(workers) >= DEMOTIONS, {
      timeoutMs: 600_000,
      what: () => `${DEMOTIONS} demotions; ${demotedBy(workers)} so far`,
    });
    for (const client of [...clients, control]) await client.stop();
    const confirmed = clients.flatMap((client) => client.confirmed);
    const missing = () => {
      const ran = new Set(ranIn(log));
      return confirmed.filter((id) => !ran.has(id));
    };
    await eventually(() => missing().length === 0, {
      timeoutMs: 60_000,
      what: 'every confirmed task has run',
    }).catch(() => {}); // which are missing is said below
    const demotions = demotedBy(workers);
    for (const worker of workers) worker.signal('SIGTERM');
    for (const worker of workers) expect((await worker.ended).code).toBe(0);
    const ran = ranIn(log);
    const result = {
      version: broker.version,
      queueType,
      seed,
      demotions,
      tasks: confirmed.length,
      missing: missing().length,
      refused: clients.reduce((sum, { refused }) => sum + refused, 0),
      repeats: ran.length - new Set(ran).size,
      waitsMs: waitsOf(clients),
      waitsOfControlMs: waitsOf([control]),
    };
    keepResult(`demotions-${queueType}`, result);
    expect(missing()).toEqual([]);
  }, 900_000);
});
