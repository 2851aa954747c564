import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { openConnection } from '../../src/broker/connection/connection.js';
import { READ_AHEAD, readToEnd } from '../../src/broker/streams/stream-end.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const ROUNDS = 20;
const WRITTEN_A_ROUND = 200;

it('a stream that is written to is read to its end, though the broker delivers before it has answered', async () => {
  const stream = `stream-${randomUUID()}`;
  await vhost.channel.assertQueue(stream, { durable: true, arguments: { 'x-queue-type': 'stream' } });
  const connection = await openConnection(vhost.address, 'test');
  const channel = await connection.channel();
  await channel.prefetch(READ_AHEAD);
  let heard = 0;
  await channel.consume(
    stream,
    (message) => {
      if (message === null) return;
      heard++;
      channel.ack(message);
    },
    { arguments: { 'x-stream-offset': 'first' } },
  );
  for (let round = 0; round < ROUNDS; round++) {
    // What is written makes the broker look for the consumers, while our second one waits to be answered.
    for (let i = 0; i < WRITTEN_A_ROUND; i++) channel.sendToQueue(stream, Buffer.from('x'));
    await readToEnd(channel, stream, () => heard);
  }
  expect(heard).toBe(ROUNDS * WRITTEN_A_ROUND);
  await channel.close();
  await connection.close();
});
