import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startThrowAwayNode } from '../../dist/broker/node/private-node.js';
import type { BrokerAddress } from '../../src/broker/connection/address.js';
import { type Connection, openConnection } from '../../src/broker/connection/connection.js';
import { Management } from '../../src/broker/management/management.js';
import type { ThrowAwayNode } from '../../src/broker/node/private-node.js';
import { Publisher } from '../../src/broker/publishing/publisher.js';
import type { PublisherUnits } from '../../src/broker/publishing/publisher-contract.js';
import { assertTopology, CLASSIC } from '../../src/broker/queues/topology.js';
import { HASH_PLUGIN } from '../../src/broker/units/hash-exchange.js';
import { namesFor, userQueueOf } from '../../src/core/queues/names.js';
import { eventually } from '../support/eventually.js';
import { useFolder } from '../support/folder.js';
import { notesIn } from '../support/noted-tasks.js';
import { NotingWorkers } from '../support/noting-workers.js';
import { switchPlugin } from '../support/plugins.js';
import { setUpShared } from '../support/shared-units.js';
import { addressOf } from '../support/vhost.js';

const COUNT = 4;
const USERS = 200;
const names = namesFor('fairq');
const folder = useFolder();
let node: ThrowAwayNode;
let address: BrokerAddress;
let management: Management;
let connection: Connection;
let workers: NotingWorkers;
let confirmed: string[];

beforeEach(async () => {
  node = await startThrowAwayNode({ plugins: [HASH_PLUGIN] });
  address = addressOf(new URL(node.uri), node.managementUri, '/');
  management = new Management(address);
  // RabbitMQ 4.0 ends a connection whose message it was routing at that moment.
  connection = await openConnection(address, 'test', { reconnectForMs: 120_000 });
  confirmed = [];
  const env = { FAIRQ_URI: node.uri, FAIRQ_MANAGEMENT_URI: node.managementUri };
  workers = new NotingWorkers(env, folder.file(randomUUID()));
});

afterEach(async () => {
  workers.end();
  await connection.close();
  await management.close();
  await node.stop();
});

const setUp = () => setUpShared({ address, connection }, names, COUNT);

async function publisherOf(units?: PublisherUnits): Promise<Publisher> {
  await assertTopology(connection, names, 'classic');
  const onConfirmed = ({ id }: { readonly id: string }) => confirmed.push(id);
  return Publisher.open(connection, names, { queueKind: CLASSIC, units, onConfirmed }, () =>
    performance.now(),
  );
}

async function send(publisher: Publisher, user: string): Promise<void> {
  if (!publisher.hasRoom) await publisher.ready();
  const now = Date.now() * 1_000;
  const envelope = { user, run: 'r', sequence: 1, intendedAt: now, sentAt: now, attempt: 1 };
  const payload = Buffer.from('{"ms":0}');
  publisher.send({ id: randomUUID(), type: 'work', contentType: 'application/json', payload, envelope });
}

/** Sends tasks of many users until that is over. All are confirmed when it resolves. */
async function sendDuring(publisher: Publisher, meanwhile: Promise<unknown>): Promise<void> {
  let isOver = false;
  const over = meanwhile.finally(() => {
    isOver = true;
  });
  for (let i = 0; !isOver; i++) {
    await send(publisher, `user-${i % USERS}`);
    if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await over;
  await publisher.settled();
}

/** Sends a task for each of some users whom nobody has seen. @returns how many of them have got a queue */
async function queuesOfNew(publisher: Publisher, count: number): Promise<number> {
  const users = Array.from({ length: count }, () => randomUUID());
  for (const user of users) await send(publisher, user);
  await publisher.settled();
  const there = new Set(await management.queueNames());
  return users.filter((user) => there.has(userQueueOf(names, user))).length;
}

/** Resolves when all that was confirmed has been run. */
async function untilRun(): Promise<void> {
  let left = confirmed.length;
  const isRun = () => {
    const ended = new Set(notesIn(workers.log).flatMap(({ what, id }) => (what === 'e' ? [id] : [])));
    left = confirmed.filter((id) => !ended.has(id)).length;
    return left === 0;
  };
  const what = () => `all ${confirmed.length} confirmed tasks are run; ${left} are not`;
  await eventually(isRun, { timeoutMs: 60_000, what });
}

describe('when the plugin of shared queues is switched off under load', () => {
  it.each([
    ['that follows what is set up', async () => undefined, [0, 100]],
    ['with --units', setUp, [0]],
  ])('a publisher %s goes on, and each confirmed task is run', async (_, unitsOf, mayGetQueues) => {
    await setUp();
    // A channel that has sent to shared queues before may go on so; one that has not is closed.
    const [running, late] = [await publisherOf(await unitsOf()), await publisherOf(await unitsOf())];
    await workers.start(8);
    expect(await queuesOfNew(running, 100)).toBe(0);
    await sendDuring(running, switchPlugin(node, HASH_PLUGIN, 'off'));
    // RabbitMQ 3.10 closes its channel, and 4.3 goes on for some.
    expect(mayGetQueues).toContain(await queuesOfNew(late, 100));
    await sendDuring(late, queuesOfNew(running, 100));
    await untilRun();
    const on = switchPlugin(node, HASH_PLUGIN, 'on');
    await Promise.all([sendDuring(running, on), sendDuring(late, on)]);
    const sharesAgain = async () => (await queuesOfNew(late, 10)) < 10;
    await eventually(sharesAgain, { timeoutMs: 60_000, what: 'new users share queues again' });
    await untilRun();
  });
});
