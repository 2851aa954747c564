import { expect, inject, it } from 'vitest';
import { openConnection } from '../../src/broker/connection/connection.js';
import { QueueRemover } from '../../src/broker/queues/queue-remover.js';
import { namesFor } from '../../src/core/queues/names.js';
import { NetworkProxy } from '../support/network-proxy.js';
import { addressOf, useVhost } from '../support/vhost.js';

const vhost = useVhost();

it('asks a queue for its tasks again where the connection is lost before it has answered', async () => {
  const [host] = vhost.address.hosts;
  const proxy = await NetworkProxy.to(host!.hostname, host!.port);
  const uri = new URL(vhost.env.FAIRQ_URI!);
  uri.hostname = '127.0.0.1';
  uri.port = `${proxy.port}`;
  const address = addressOf(uri, inject('managementUri'), vhost.address.vhost);
  const connection = await openConnection(address, 'test', { reconnectForMs: 60_000 });
  await vhost.channel.assertQueue('asked', { durable: true });
  const queues = new QueueRemover(connection, namesFor('fairq'), 1);
  expect(await queues.counts('asked')).toEqual({ ready: 0, consumers: 0 });
  proxy.hold();
  const asking = queues.counts('asked');
  proxy.cut();
  proxy.release();
  expect(await asking).toEqual({ ready: 0, consumers: 0 });
  await connection.close();
  await proxy.close();
});

it('says why a queue cannot be asked where the connection does not come back', async () => {
  const connection = await openConnection(vhost.address, 'test');
  const queues = new QueueRemover(connection, namesFor('fairq'), 1);
  await queues.counts('asked');
  connection.lost.catch(() => {});
  const asking = queues.counts('asked');
  connection.drop();
  await expect(asking).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  await connection.close();
});
