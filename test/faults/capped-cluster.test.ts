import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BrokerAddress } from '../../src/broker/connection/address.js';
import { Management } from '../../src/broker/management/management.js';
import { Cluster } from '../support/cluster.js';
import { eventually } from '../support/eventually.js';
import { askManagement } from '../support/management-api.js';
import { NotingWorkers } from '../support/noting-workers.js';
import { setPolicy } from '../support/policy.js';
import { addResult } from './support/results.js';

const CAP = 3;
const TASKS = 600;
const WAIT_MS = 180_000;
const QUORUM = ['--queue-type', 'quorum'];
// Undefined where its start failed.
let cluster: Cluster | undefined;
let folder: string;
let workers: NotingWorkers;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fairq-fault-cluster-'));
  cluster = await Cluster.start(3);
}, 300_000);
afterAll(async () => {
  workers?.end();
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('a cap holds where a node of the cluster is lost under load, and all is done when it is back', async () => {
  const { env, uris, managementUris } = cluster!;
  workers = new NotingWorkers(env, join(folder, 'notes'));
  const hosts = uris.map((uri) => ({ hostname: '127.0.0.1', port: Number(new URL(uri).port) }));
  const address: BrokerAddress = {
    ...{ protocol: 'amqp', hosts, vhost: '/', username: 'guest', password: 'guest' },
    ...{ managementUris, tls: { insecure: false } },
  };
  const management = new Management(address);
  await setPolicy({ address, management }, 'fairq', { A: { cap: { tasks: CAP } } });
  await management.close();
  await workers.startAll(3, 4, ...QUORUM, '--reconnect-for', 'forever', '--max-crashes', '1000');
  await workers.publish('A', TASKS, 60, 'work', ...QUORUM);
  await workers.untilStarts(30, 'A');
  cluster!.kill(0);
  // What goes on without it may go on, by the broker's version.
  await workers.until(
    () => workers.workers.some(({ stderr }) => /connected again/.test(stderr)),
    'a worker is connected to another node',
  );
  await cluster!.startAgain(0);
  await workers.untilDone(TASKS, 'A');
  const starts = workers.starts('A');
  const most = workers.most('A');
  await workers.stop();
  let permits: number | undefined;
  const ask = async () => {
    const queue = (await askManagement(
      { uri: managementUris[1]! },
      'GET',
      '/queues/%2F/fairq.permits.A',
    )) as { messages?: number };
    permits = queue.messages;
    return permits === CAP;
  };
  await eventually(ask, { timeoutMs: WAIT_MS, what: () => `${CAP} permits; there are ${permits}` });
  const { rabbitmq_version: version } = (await askManagement(
    { uri: managementUris[1]! },
    'GET',
    '/overview',
  )) as { rabbitmq_version: string };
  addResult({
    fault: 'node of a cluster lost under a cap',
    versions: `RabbitMQ ${version}, Node ${process.versions.node}`,
    tasks: starts,
    repeats: starts - TASKS,
    secondsToRecover: null,
    atOnce: { most, cap: CAP },
    permits: CAP,
  });
  console.log(`RabbitMQ ${version}: node lost: ${starts} starts, at most ${most} of ${CAP} at once`);
  expect(most).toBe(CAP);
});
