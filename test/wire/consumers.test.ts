import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { openConnection } from '../../src/broker/connection/connection.js';
import { Consumers } from '../../src/broker/consuming/consumers.js';
import { eventually } from '../support/eventually.js';
import { NetworkProxy } from '../support/network-proxy.js';
import { addressOf, useVhost } from '../support/vhost.js';

const vhost = useVhost();
let proxy: NetworkProxy;

beforeAll(async () => {
  const [host] = vhost.address.hosts;
  proxy = await NetworkProxy.to(host!.hostname, host!.port);
});
afterAll(() => proxy.close());

it('consumes a queue again after a lost connection, though its prefetch changed while it was looked up', async () => {
  const uri = new URL(vhost.env.FAIRQ_URI!);
  uri.hostname = '127.0.0.1';
  uri.port = `${proxy.port}`;
  const address = addressOf(uri, inject('managementUri'), vhost.address.vhost);
  const connection = await openConnection(address, 'test', { reconnectForMs: 60_000 });
  const came: string[] = [];
  const fail = (error: Error) => {
    throw error;
  };
  const consumers = new Consumers<string>(connection, {
    onDelivery: (_, message) => came.push(message.content.toString()),
    onQueueGone: () => {},
    onConsumerEnded: () => {},
    onChannelLost: () => {},
    onChannelRefused: () => {},
    onFailure: fail,
  });
  await consumers.open();
  const { queue } = await vhost.channel.assertQueue('looked-up', { durable: true });
  await consumers.subscribe(queue, 'A', 1, false);
  await consumers.unsubscribe(queue);
  const again = consumers.subscribe(queue, 'A', 1, true);
  await consumers.resize(queue, 5);
  await again;
  vhost.channel.sendToQueue(queue, Buffer.from('before'));
  await eventually(async () => came.includes('before'), { timeoutMs: 60_000, what: 'the first message' });
  proxy.cut();
  vhost.channel.sendToQueue(queue, Buffer.from('after'));
  await eventually(async () => came.includes('after'), { timeoutMs: 60_000, what: 'the second message' });
  expect(consumers.consumes(queue)).toBe(true);
  consumers.closing();
  await connection.close();
});
