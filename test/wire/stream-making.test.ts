import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Connection, openConnection } from '../../src/broker/connection/connection.js';
import { newestPolicy } from '../../src/broker/policy/policy-stream.js';
import { makingLock, takeLock } from '../../src/broker/queues/lock.js';
import { assertPolicyStream } from '../../src/broker/queues/topology.js';
import { replayEvents } from '../../src/broker/streams/event-stream.js';
import { namesFor } from '../../src/core/queues/names.js';
import { eventually } from '../support/eventually.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
/** Enough to look at the stream and at its lock several times, and to consume besides. */
const CHANNELS = 8;

let one: Connection;
let maker: Connection;
let opened: number;

beforeEach(async () => {
  one = await openConnection(vhost.address, 'one');
  maker = await openConnection(vhost.address, 'maker');
  opened = 0;
  const open = one.channel.bind(one);
  one.channel = () => {
    opened++;
    return open();
  };
});
afterEach(async () => {
  await one.close();
  await maker.close();
});

const ignored = { onCompletions: () => {}, onRunRecord: () => {} };

// The broker that makes a stream at this moment ends the connection of whoever uses it, and that moment is short. A maker
// that keeps its lock stands in for a broker that takes long.
describe('a stream that is just being made', () => {
  it.each([
    {
      what: 'is read only afterwards',
      stream: namesFor('read').policyStream,
      use: () => newestPolicy(one, namesFor('read'), 0),
    },
    {
      what: 'is replayed only afterwards',
      stream: namesFor('replayed').eventStream,
      use: () => replayEvents(one, namesFor('replayed'), ignored),
    },
    {
      what: 'is written to only afterwards',
      stream: namesFor('written').policyStream,
      use: () => assertPolicyStream(one, namesFor('written')),
    },
  ])('$what', async ({ stream, use }) => {
    const lock = await takeLock(maker, makingLock(stream));
    await vhost.channel.assertQueue(stream, { durable: true, arguments: { 'x-queue-type': 'stream' } });
    let isUsed = false;
    const using = use().then(() => {
      isUsed = true;
    });
    await eventually(() => isUsed || opened >= CHANNELS, {
      timeoutMs: 60_000,
      what: 'the lock is looked at again and again',
    });
    expect(isUsed).toBe(false);
    vhost.channel.sendToQueue(stream, Buffer.from('')); // of a stream with something in it the end is soon known
    await lock!.release();
    await using;
  });
});
