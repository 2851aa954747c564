import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WorkerReport } from '../../src/core/reports/worker-report.js';
import { useFaultBroker } from '../faults/support/fault-broker.js';
import { eventually } from '../support/eventually.js';
import { fairqJson, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { isConnectedTo } from '../support/sockets.js';

const GATED = fileURLToPath(new URL('../support/gated-tasks.mjs', import.meta.url));
const broker = useFaultBroker();
const folder = useFolder();
const vhost = `stop-${randomUUID()}`;
let env: Record<string, string>;
let ports: number[];
let id: string;
/** Makes the broker as it was. */
let mend = async (): Promise<void> => {};

/** What each command ends with at the first signal, though the broker does not answer: it is awaited before it does. */
type Table = Readonly<Record<string, number>>;

beforeAll(async () => {
  await broker.makeVhost(vhost);
  const uri = new URL(broker.uri);
  uri.pathname = `/${vhost}`;
  env = { FAIRQ_URI: uri.href, FAIRQ_MANAGEMENT_URI: broker.managementUri };
  ports = [broker.uri, broker.managementUri].map((text) => Number(new URL(text).port));
  ({ id } = await fairqJson<{ id: string }>(env, 'publish', '--user', 'A', '--run', 'first'));
});
afterEach(async () => {
  await mend();
  mend = async () => {};
});

function start(command: string): RunningFairq {
  return new RunningFairq(command.replace('ID', id).split(' '), env);
}

/** Or it has ended already, which its exit code then tells. */
async function connected(one: RunningFairq): Promise<void> {
  await eventually(() => one.process.exitCode !== null || isConnectedTo(one.process.pid!, ports), {
    timeoutMs: 60_000,
    what: () => `fairq ${one.args.join(' ')} is connected; it says: ${one.stderr}`,
  });
}

async function codesOf(running: readonly RunningFairq[]): Promise<Record<string, number | null>> {
  const codes: Record<string, number | null> = {};
  for (const one of running) one.signal('SIGTERM');
  for (const one of running) codes[one.args.join(' ').replace(id, 'ID')] = (await one.ended).code;
  return codes;
}

async function freeze(): Promise<void> {
  await broker.signal('SIGSTOP');
  mend = () => broker.signal('SIGCONT');
}

async function alarm(): Promise<void> {
  await broker.evaluate('vm_memory_monitor:set_vm_memory_high_watermark(0.00001).');
  mend = async () => {
    await broker.evaluate('vm_memory_monitor:set_vm_memory_high_watermark(0.6).');
  };
}

describe('the first SIGTERM', () => {
  const LATER: Table = {
    'worker --name late': 0,
    'publish --user B --count 100': 130,
    'publish --user B --wait': 130,
    report: 130,
    'task ID': 130,
    'dead list': 130,
    'top --json': 0,
    'top --samples 3': 130,
    'queues list --watch 1s': 0,
    'queues prune --watch 1s --yes': 0,
    doctor: 130,
    'queues list': 130,
    'queues show A': 130,
    'queues prune --yes': 130,
    'queues purge A --yes': 130,
    'queues delete A --yes': 130,
  };

  it('ends every command that a broker which does not answer lets wait', async () => {
    await freeze();
    const running = Object.keys(LATER).map(start);
    await Promise.all(running.map(connected));
    expect(await codesOf(running)).toEqual(LATER);
  });

  const CONNECTED: Table = {
    'publish --user C --count 100000 --rate 50/s': 130,
    'publish --queue nobodys --wait': 130,
    'top --json': 0,
    'queues list --watch 100ms': 0,
    'queues prune --watch 100ms --yes': 0,
    'task ID --follow': 130,
  };

  it('ends every command whose broker has ceased to answer', async () => {
    const worker = start('worker --queues fairq.user.D --discover-every 1s');
    await worker.says(/ready, /);
    await fairqJson(env, 'publish', '--user', 'D', '--task', 'sleep', '--duration', '1h');
    const others = Object.keys(CONNECTED).map(start);
    await Promise.all(others.map(connected));
    await eventually(
      () => others.every(({ args, stdout }) => !/top|list|prune/.test(args.join(' ')) || stdout),
      {
        timeoutMs: 60_000,
        what: 'the first samples',
      },
    );
    await freeze();
    const codes = await codesOf(others);
    // What runs has its time after the first signal, and is given up after the second.
    worker.signal('SIGTERM');
    await worker.says(/finishing what runs/);
    worker.signal('SIGTERM');
    expect((await worker.ended).code).toBe(130);
    expect(codes).toEqual(CONNECTED);
  });

  const AWAY: Table = {
    'worker --queues fairq.user.nobody': 0,
    'top --json --reconnect-for 10m': 0,
    'queues list --watch 1s': 0,
    'queues prune --watch 1s --yes --reconnect-for 10m': 0,
  };

  it('ends what would look on for ever though the broker is away, and a worker, which says what it waits for', async () => {
    const gate = folder.file('gate');
    const load = ['--user', 'E', '--count', '3', '--task', 'gated', '--payload', JSON.stringify({ gate })];
    await fairqJson(env, 'publish', ...load);
    const serving = ['--queues', 'fairq.user.E', '--handler', GATED];
    const worker = new RunningFairq(['--json', 'worker', ...serving], env);
    const [nobodys, ...lookers] = Object.keys(AWAY);
    const idle = start(nobodys!);
    await Promise.all([worker.says(/ready, 1 /), idle.says(/ready, /)]);
    await eventually(async () => (await broker.queues(vhost)).get('fairq.user.E')?.unacknowledged === 3, {
      timeoutMs: 60_000,
      what: 'all three are at the worker',
    });
    await broker.stop();
    mend = () => broker.start();
    // These meet a broker that is away from the start.
    const looking = lookers.map(start);
    await Promise.all([
      ...[worker, idle].map((one) => one.says(/was lost/)),
      ...looking.map((one) => one.says(/trying again/)),
    ]);
    expect(await codesOf([idle, ...looking])).toEqual(AWAY);
    worker.signal('SIGTERM');
    await worker.says(/finishing what runs/);
    await writeFile(gate, '');
    const { code, stdout, stderr } = await worker.ended;
    expect(stderr).toContain('the broker has not confirmed 3 tasks that have ended: waiting for');
    expect(code).toBe(69);
    expect(JSON.parse(stdout) as WorkerReport).toMatchObject({ completed: 3, unconfirmed: 3 });
  });

  const BLOCKED: Table = {
    'publish --user F --count 100': 130,
    'publish --user F --wait': 130,
    'worker --name blocked': 0,
    report: 130,
    'task ID': 130,
    'top --json': 0,
    'queues list --watch 1s': 0,
    'queues prune --watch 1s --yes': 0,
  };

  it('ends every command that a memory alarm holds up', async () => {
    await alarm();
    const running = Object.keys(BLOCKED).map(start);
    await Promise.all(running.map(connected));
    const codes = await codesOf(running);
    // A reader may have ended by itself: what an alarm lets it read it has read.
    for (const reader of ['report', 'task ID']) if (codes[reader] === 0) codes[reader] = 130;
    expect(codes).toEqual(BLOCKED);
  });
});
