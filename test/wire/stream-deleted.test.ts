import { expect, it } from 'vitest';
import { openConnection } from '../../src/broker/connection/connection.js';
import { StreamReader } from '../../src/broker/streams/stream-reader.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();

it('tells who waits for the end of a stream that it was deleted, and who asks afterwards', async () => {
  const stream = 'goes';
  await vhost.channel.assertQueue(stream, { durable: true, arguments: { 'x-queue-type': 'stream' } });
  // The broker may end the connection where a stream goes that is being read.
  const connection = await openConnection(vhost.address, 'test', { reconnectForMs: 60_000 });
  const failures: Error[] = [];
  const reader = await StreamReader.open(connection, stream, 'first', {
    onMessage: () => {},
    onFailure: (error) => failures.push(error),
  });
  const atTheEnd = reader.caughtUp(); // nothing is in it, so that takes seconds
  await vhost.channel.deleteQueue(stream);
  await expect(atTheEnd).rejects.toThrow(/no queue 'goes'/);
  await expect(reader.caughtUp()).rejects.toThrow(/no queue 'goes'/);
  expect(failures).toHaveLength(1);
  await reader.close();
  await connection.close();
});
