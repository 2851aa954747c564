import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Channel } from '../../src/broker/connection/channel.js';
import { type Connection, openConnection } from '../../src/broker/connection/connection.js';
import { BatchedAcks } from '../../src/broker/streams/batched-acks.js';
import { offsetOf, READ_AHEAD, readToEnd } from '../../src/broker/streams/stream-end.js';
import { eventually } from '../support/eventually.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const ROUNDS = 20;
const WRITTEN_A_ROUND = 200;
/** Of a reader that comes to the end; one that does not is stopped here. */
const MOST_ROUND_TRIPS = 100;

let stream: string;
let connection: Connection;
let channel: Channel;
let heard: number;
let last: number | undefined;
let acks: BatchedAcks;

beforeEach(async () => {
  stream = `stream-${randomUUID()}`;
  heard = 0;
  last = undefined;
  await vhost.channel.assertQueue(stream, { durable: true, arguments: { 'x-queue-type': 'stream' } });
  connection = await openConnection(vhost.address, 'test');
  channel = await connection.channel();
  await channel.prefetch(READ_AHEAD);
  acks = new BatchedAcks(channel);
  await channel.consume(
    stream,
    (message) => {
      if (message === null) return;
      heard++;
      last = offsetOf(message);
      acks.add(message);
    },
    { arguments: { 'x-stream-offset': 'first' } },
  );
});
afterEach(() => connection.close());

describe('a stream that is written to', () => {
  it('is read to its end, though the broker delivers before it has answered', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      // What is written makes the broker look for the consumers, while our second one waits to be answered.
      for (let i = 0; i < WRITTEN_A_ROUND; i++) channel.sendToQueue(stream, Buffer.from('x'));
      await readToEnd(channel, stream, { heard: () => heard, last: () => last, acks });
    }
    expect(heard).toBe(ROUNDS * WRITTEN_A_ROUND);
  });

  it('has an end for its reader, though something new comes before every answer of the broker', async () => {
    let roundTrips = 0;
    const ask = channel.prefetch.bind(channel);
    channel.prefetch = async (count) => {
      if (++roundTrips > MOST_ROUND_TRIPS) throw new Error('the reader does not come to an end');
      const before = heard;
      vhost.channel.sendToQueue(stream, Buffer.from('x'));
      await eventually(() => heard > before, { timeoutMs: 60_000, what: 'what was written' });
      return ask(count);
    };
    for (let i = 0; i < WRITTEN_A_ROUND; i++) channel.sendToQueue(stream, Buffer.from('x'));
    await readToEnd(channel, stream, { heard: () => heard, last: () => last, acks });
    expect(heard).toBeGreaterThan(WRITTEN_A_ROUND);
  });
});
