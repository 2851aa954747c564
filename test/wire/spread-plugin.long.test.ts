import { randomUUID } from 'node:crypto';
import amqplib, { type Channel, type ChannelModel } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startThrowAwayNode } from '../../dist/broker/node/private-node.js';
import type { BrokerAddress } from '../../src/broker/connection/address.js';
import { type Connection, openConnection } from '../../src/broker/connection/connection.js';
import { Management } from '../../src/broker/management/management.js';
import type { ThrowAwayNode } from '../../src/broker/node/private-node.js';
import { Publisher } from '../../src/broker/publishing/publisher.js';
import type { PublisherUnits } from '../../src/broker/publishing/publisher-contract.js';
import { assertTopology, CLASSIC } from '../../src/broker/queues/topology.js';
import { namesFor, spreadQueue } from '../../src/core/queues/names.js';
import { fairq } from '../support/fairq.js';
import { setUpShared } from '../support/shared-units.js';
import { addressOf } from '../support/vhost.js';

const COUNT = 4;
const names = namesFor('fairq');
let node: ThrowAwayNode;
let address: BrokerAddress;
let management: Management;
let connection: Connection;
let model: ChannelModel;
let channel: Channel;

async function start(plugins: readonly string[]): Promise<void> {
  node = await startThrowAwayNode({ plugins });
  address = addressOf(new URL(node.uri), node.managementUri, '/');
  management = new Management(address);
  connection = await openConnection(address, 'test', { reconnectForMs: 60_000 });
  model = await amqplib.connect(node.uri);
  channel = await model.createChannel();
}

async function end(): Promise<void> {
  await model.close();
  await connection.close();
  await management.close();
  await node.stop();
}

const setUp = () => setUpShared({ address, connection }, names, COUNT);

/** The ids of all tasks that are in queues of users, and in how many queues of users' own. */
async function drained(): Promise<{ readonly ids: string[]; readonly ownQueues: number }> {
  const ids: string[] = [];
  let ownQueues = 0;
  for (const queue of await management.queueNames()) {
    const isShared = spreadQueue(names, queue) !== undefined;
    if (!isShared && !queue.startsWith(names.userQueuePrefix)) continue;
    if (!isShared) ownQueues++;
    for (;;) {
      const message = await channel.get(queue, { noAck: true });
      if (message === false) break;
      if (message.properties.type !== 'fairq.canary') ids.push(String(message.properties.messageId));
    }
  }
  return { ids, ownQueues };
}

/** @returns the ids of what was sent and confirmed */
async function load(publisher: Publisher, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    if (!publisher.hasRoom) await publisher.ready();
    const id = randomUUID();
    ids.push(id);
    const envelope = { user: `user-${i}`, run: 'r', sequence: 1, intendedAt: 1, sentAt: 1, attempt: 1 };
    publisher.send({ id, type: 'noop', contentType: 'text/plain', payload: Buffer.from('x'), envelope });
  }
  await publisher.settled();
  return ids;
}

async function publisherOf(units?: PublisherUnits): Promise<Publisher> {
  await assertTopology(connection, names, 'classic');
  const options = { queueKind: CLASSIC, units, onConfirmed: () => {} };
  return Publisher.open(connection, names, options, () => performance.now());
}

describe('a broker without the plugin of shared queues', () => {
  beforeAll(() => start([]));
  afterAll(end);

  it('has tasks sent to shared queues by their names, which a note says', async () => {
    const env = { FAIRQ_URI: node.uri, FAIRQ_MANAGEMENT_URI: node.managementUri };
    const args = ['--units', `shared:${COUNT}`, 'publish', '--users', '20', '--count', '2'];
    const { stderr } = await fairq(env, ...args);
    expect(stderr.match(/plugin rabbitmq_consistent_hash_exchange is off/g)).toHaveLength(1);
    const { ids, ownQueues } = await drained();
    expect([new Set(ids).size, ownQueues]).toEqual([40, 0]);
  });

  it('keeps the connection of who asks for it', async () => {
    const units = await setUp();
    expect(units).toMatchObject({ way: 'by name' });
    const ids = await load(await publisherOf(units), 100);
    expect((await drained()).ids.sort()).toEqual(ids.sort());
  });
});
