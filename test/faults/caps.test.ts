import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BrokerAddress } from '../../src/broker/connection/address.js';
import { Management } from '../../src/broker/management/management.js';
import type { RunReport } from '../../src/core/reports/run-report.js';
import type { WorkerReport } from '../../src/core/reports/worker-report.js';
import { eventually } from '../support/eventually.js';
import { fairqJson } from '../support/fairq.js';
import { NetworkProxy } from '../support/network-proxy.js';
import { linesSoFar, notesIn } from '../support/noted-tasks.js';
import { NotingWorkers } from '../support/noting-workers.js';
import { setPolicy } from '../support/policy.js';
import { addressOf } from '../support/vhost.js';
import { useFaultBroker } from './support/fault-broker.js';
import { addResult } from './support/results.js';

const WAIT_MS = 180_000;
const CAP = 3;
const HEARTBEAT = '?heartbeat=5';
const broker = useFaultBroker();
const folder = mkdtempSync(join(tmpdir(), 'fairq-fault-caps-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let vhost: string;
let tests = 0;
let workers: NotingWorkers;
let env: Readonly<Record<string, string>>;
let address: BrokerAddress;
let management: Management;

beforeEach(async () => {
  vhost = `caps-${tests++}`;
  await broker.makeVhost(vhost);
  address = addressOf(new URL(broker.uri), broker.managementUri, vhost);
  management = new Management(address);
  env = { FAIRQ_URI: uriOf(new URL(broker.uri).host), FAIRQ_MANAGEMENT_URI: broker.managementUri };
  workers = new NotingWorkers(env, join(folder, vhost));
  await setPolicy({ address, management }, 'fairq', { A: { cap: { tasks: CAP } } });
});
afterEach(async () => {
  workers.end();
  await management.close();
});

function uriOf(host: string): string {
  const { username, password } = new URL(broker.uri);
  return `amqp://${username}:${password}@${host}/${vhost}${HEARTBEAT}`;
}

/** It is told in the table, with the most that were seen at once. All permits are there. */
function told(fault: string, tasks: number): number {
  const most = workers.most('A');
  const versions = `RabbitMQ ${broker.version}, Node ${process.versions.node}`;
  addResult({
    fault,
    versions,
    tasks,
    repeats: workers.starts('A') - tasks,
    secondsToRecover: null,
    atOnce: { most, cap: CAP },
    permits: CAP,
  });
  console.log(`RabbitMQ ${broker.version}: ${fault}: at most ${most} of ${CAP}`);
  return most;
}

/** Permits of the user, when all workers have stopped. */
async function permitsLeft(): Promise<void> {
  await eventually(async () => (await broker.queues(vhost)).get('fairq.permits.A')?.ready === CAP, {
    timeoutMs: WAIT_MS,
    what: `${CAP} permits in their queue`,
  });
}

async function stopped(): Promise<WorkerReport[]> {
  const reports = (await workers.stop()).map(({ stdout }) => JSON.parse(stdout) as WorkerReport);
  await permitsLeft();
  return reports;
}

describe('a cap of three over three workers', () => {
  it('holds while workers are killed forty times', async () => {
    await workers.startAll(3, 4, '--max-crashes', '1000');
    await workers.publish('A', 600, 20);
    for (let kills = 1; kills <= 40; kills++) {
      await workers.untilStarts(kills * 8, 'A');
      await workers.kill(workers.workers[kills % 3]!);
      await workers.start(4, '--max-crashes', '1000');
    }
    await workers.untilDone(600, 'A');
    await stopped();
    expect(told('40 workers killed', 600)).toBe(CAP);
  });

  it('holds where the broker is killed and starts again: what ran is told to end', async () => {
    await workers.startAll(3, 4, '--reconnect-for', 'forever');
    await workers.publish('A', 60, 300);
    await workers.untilStarts(10, 'A');
    await broker.kill();
    await broker.start();
    await workers.untilDone(60, 'A');
    // On a busy machine handlers end later than told to: the workers count that, and nobody has run beside them.
    await stopped();
    expect(told('broker killed', 60)).toBe(CAP);
  });

  it('is exceeded by no more than what a frozen worker held, and that starts nothing when it goes on', async () => {
    await workers.startAll(3, 4, '--reconnect-for', 'forever');
    await workers.publish('A', 200, 300, 'work', '--run', 'frozen');
    await workers.untilStarts(10, 'A');
    const [frozen] = workers.workers;
    const pid = String(frozen!.process.pid);
    const holds = () => {
      const own = notesIn(workers.log).filter((note) => note.process === pid);
      return own.filter(({ what }) => what === 'b').length - own.filter(({ what }) => what === 'e').length;
    };
    await workers.until(() => holds() > 0, 'it runs one');
    frozen!.signal('SIGSTOP');
    const from = linesSoFar(workers.log);
    const heldThen = holds();
    // The others have its permits: as many run as before, beside what it had.
    await workers.until(() => othersAtOnce(from) === CAP, 'the others run three');
    frozen!.signal('SIGCONT');
    await workers.untilDone(200, 'A');
    await stopped();
    expect(told('worker frozen', 200)).toBeLessThanOrEqual(CAP + heldThen);
    const { overlaps, mostRunning } = await fairqJson<RunReport>(env, 'report', '--run', 'frozen');
    expect(mostRunning).toBeGreaterThan(CAP);
    expect(overlaps.map(({ worker }) => worker)).toEqual(Array(heldThen).fill('w1'));
    // After the freeze it ended what it had before it began anything.
    const after = notesIn(workers.log)
      .slice(from)
      .filter((note) => note.process === pid);
    expect(after.slice(0, heldThen).every(({ what }) => what === 'e')).toBe(true);

    function othersAtOnce(since: number): number {
      let now = 0;
      let most = 0;
      for (const [i, note] of notesIn(workers.log).entries()) {
        if (note.process === pid) continue;
        now += note.what === 'b' ? 1 : note.what === 'e' ? -1 : 0;
        if (i >= since) most = Math.max(most, now);
      }
      return most;
    }
  });

  it.each([
    ['both ways', ['toBroker', 'toClient']],
    ['towards the broker', ['toBroker']],
    ['towards the worker', ['toClient']],
  ] as const)('holds where a worker is cut off %s', async (how, directions) => {
    const { hostname, port } = new URL(broker.uri);
    const proxy = await NetworkProxy.to(hostname, Number(port));
    await workers.startAll(2, 4);
    const far = { FAIRQ_URI: uriOf(`127.0.0.1:${proxy.port}`) };
    await workers.startWith(far, 4, '--reconnect-for', 'forever');
    const cut = workers.workers[2]!;
    await workers.publish('A', 150, 300);
    const runsThere = () => notesIn(workers.log).some(({ process }) => process === String(cut.process.pid));
    await workers.until(runsThere, 'it runs some');
    proxy.swallow(...directions);
    await workers.until(() => /connection to the broker was lost/.test(cut.stderr), 'it knows');
    proxy.heal();
    await workers.untilDone(150, 'A');
    await stopped();
    await proxy.close();
    expect(told(`cut off ${how}`, 150)).toBe(CAP);
  });
});
