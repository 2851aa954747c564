import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QueueType } from '../../src/broker/queues/topology.js';
import { namesFor } from '../../src/core/queues/names.js';
import { between, chanceOf, seed } from '../faults/support/chance.js';
import { useFaultBroker } from '../faults/support/fault-broker.js';
import { eventually } from '../support/eventually.js';
import { RunningFairq } from '../support/fairq.js';
import { addressOf } from '../support/vhost.js';
import { STEPS, StormPruner } from './pruner.js';
import { SilentPublisher } from './silent-publisher.js';
import { handlerIn, keepResult, ranIn } from './storm-log.js';

const USERS = 200;
const PUBLISHERS = 20;
const WORKERS = 3;
const PRUNERS = 2;
/** With no pruner killed, and in all. */
const CALM_PRUNES = 400;
const PRUNES = 1_000;
const KILLS_AT_EACH_STEP = 3;

// What a queue counts is listed sooner than every 5 s, so that queues are known to be idle sooner.
const broker = useFaultBroker('collect_statistics_interval = 500');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairq-storm-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each<QueueType>(['classic', 'quorum'])('a storm of prunes over %s queues', (queueType) => {
  it('loses no confirmed task, whenever publishers come back and pruners are killed', async () => {
    const names = namesFor('fairq');
    const random = chanceOf(`storm ${queueType}`);
    const vhost = `storm-${queueType}`;
    await broker.makeVhost(vhost);
    const log = join(folder, queueType);
    mkdirSync(log);
    const uri = new URL(broker.uri);
    const env = {
      FAIRQ_URI: `amqp://guest:guest@${uri.host}/${vhost}`,
      FAIRQ_MANAGEMENT_URI: broker.managementUri,
      XDG_STATE_HOME: join(folder, `${queueType}-state`),
    };
    const workerFlags = ['--handler', handlerIn(log), '--queue-type', queueType];
    const workers = Array.from({ length: WORKERS }, () => new RunningFairq(['worker', ...workerFlags], env));
    for (const worker of workers) await worker.says(/ready, /);
    const publishers = Array.from({ length: PUBLISHERS }, (_, i) => {
      const own = USERS / PUBLISHERS;
      const users = Array.from({ length: own }, (_, j) => `user-${i * own + j + 1}`);
      return new SilentPublisher(names, users, queueType, random);
    });
    const address = addressOf(uri, broker.managementUri, vhost);
    for (const publisher of publishers) await publisher.start(address);
    const pruners = Array.from({ length: PRUNERS }, () => new StormPruner(env));
    const pruned = () => pruners.reduce((sum, pruner) => sum + pruner.pruned, 0);
    const reaches = (count: number) =>
      eventually(async () => pruned() >= count, { timeoutMs: 300_000, what: `${count} prunes` });

    await reaches(CALM_PRUNES);
    const calmUntil = performance.now();
    const kills: string[] = [];
    for (let round = 0; round < KILLS_AT_EACH_STEP; round++) {
      for (const step of STEPS) {
        // The one that is at work; the other stands by.
        const steps = pruners.map((pruner) => pruner.steps);
        const atWork = await eventually(
          async () => pruners.find((pruner, i) => pruner.steps > (steps[i] ?? 0)),
          { timeoutMs: 60_000, what: 'a pruner at work' },
        );
        await atWork.killAt(step, Math.floor(between(random, 0, 20)));
        kills.push(`${step} at ${Math.round(performance.now())}`);
      }
    }
    await reaches(PRUNES);
    for (const publisher of publishers) await publisher.stop();
    for (const pruner of pruners) await pruner.stop();
    const confirmed = publishers.flatMap((publisher) => [...publisher.confirmed]);
    const missing = () => {
      const ran = new Set(ranIn(log));
      return confirmed.filter((id) => !ran.has(id));
    };
    await eventually(async () => missing().length === 0, {
      timeoutMs: 60_000,
      what: 'every confirmed task has run',
    }).catch(() => {}); // which are missing is said below
    for (const worker of workers) worker.signal('SIGTERM');
    for (const worker of workers) expect((await worker.ended).code).toBe(0);

    const ran = ranIn(log);
    const waits = publishers.flatMap((publisher) => publisher.waits);
    const longest = (some: typeof waits) => Math.round(Math.max(0, ...some.map(({ ms }) => ms)));
    const result = {
      version: broker.version,
      queueType,
      seed,
      prunes: pruned(),
      kills: kills.length,
      kept: pruners.reduce((sum, { kept }) => sum + kept, 0),
      tasks: confirmed.length,
      missing: missing().length,
      repeats: ran.length - new Set(ran).size,
      longestWaitMs: longest(waits.filter(({ at }) => at < calmUntil)),
      longestWaitWithKillsMs: longest(waits.filter(({ at }) => at >= calmUntil)),
    };
    keepResult(queueType, result);
    const lost = missing().map((id) => {
      const wait = waits.find((one) => one.id === id);
      return `${id} of ${wait?.user}, confirmed at ${Math.round(wait?.at ?? 0)} after ${Math.round(wait?.ms ?? 0)} ms`;
    });
    expect(lost, `killed: ${kills.join(', ')}`).toEqual([]);
    expect(result.prunes).toBeGreaterThanOrEqual(PRUNES);
  }, 900_000);
});
