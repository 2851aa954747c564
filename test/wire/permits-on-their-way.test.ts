import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Channel } from '../../src/broker/connection/channel.js';
import { fillGrants } from '../../src/broker/policy/grant-census.js';
import { GrantChannels } from '../../src/broker/policy/grant-channels.js';
import {
  type Grant,
  GrantQueue,
  type GrantQueueListener,
  type HeldNumbers,
} from '../../src/broker/policy/grant-queue.js';
import { GrantTalk } from '../../src/broker/policy/grant-talk.js';
import { namesFor } from '../../src/core/queues/names.js';
import { deferred } from '../../src/core/values/deferred.js';
import { eventually } from '../support/eventually.js';
import { useConnection, useVhost } from '../support/vhost.js';

const WAIT_MS = 60_000;
const LOST_FOR_MS = 1_000;
const NONE: HeldNumbers = { held: [], known: [] };
const vhost = useVhost();
const connection = useConnection(vhost);
let prefix: string;
let queue: string;
let talk: GrantTalk;

beforeEach(async () => {
  prefix = `p${randomUUID().slice(0, 8)}`;
  queue = `${prefix}.permits.A`;
  talk = await GrantTalk.open(connection.current, namesFor(prefix), undefined, fail);
  expect(await fill(1)).toMatchObject({ is: 'filled', added: [1] });
});
afterEach(() => talk.close());

function fail(error: Error): never {
  throw error;
}

function fill(count: number) {
  return fillGrants(connection.current, namesFor(prefix), talk, { queue, count, lostForMs: LOST_FOR_MS });
}

/** Answers who counts. @param rest what it says, the first time and then */
function holder(rest: () => Promise<HeldNumbers>): Promise<GrantTalk> {
  const own = { id: 'holder', name: 'holder', rest, numbers: () => NONE, goOn: () => {} };
  return GrantTalk.open(connection.current, namesFor(prefix), own, fail);
}

const now = () => performance.now();

function listening(onGrant: (grant: Grant) => void, onMissing = () => {}): GrantQueueListener {
  return { onGrant, onLost: () => {}, onMissing, onRefused: fail };
}

/** Consumes one, as a worker does. */
async function take(channel: Channel, consumerTag: string) {
  const came = deferred<{ fields: { deliveryTag: number } }>();
  await channel.prefetch(1);
  await channel.consume(queue, (message) => message && came.resolve(message), { consumerTag });
  return came.promise;
}

async function numbers(): Promise<string[]> {
  const found: string[] = [];
  await eventually(
    async () => {
      const message = await vhost.channel.get(queue, { noAck: true });
      if (message !== false) found.push(String(message.properties.messageId));
      return message === false && found.length > 0;
    },
    { timeoutMs: WAIT_MS, what: 'all numbers' },
  );
  return found.sort();
}

describe('a permit on its way back', () => {
  it('is in the queue as soon as it has no consumer, however slow its holder is', async () => {
    const frozen = deferred();
    const { channelMax } = connection.current;
    const slow = {
      channelMax,
      channel: async () => {
        const channel = await connection.current.channel();
        const cancel = channel.cancel.bind(channel);
        // The broker has ended the consumer, and its process does not come to read that.
        channel.cancel = async (tag) => {
          const answer = await cancel(tag);
          await frozen.promise;
          return answer;
        };
        return channel;
      },
    };
    const came = deferred<Grant>();
    const channels = new GrantChannels(slow, 1, now);
    const grants = new GrantQueue(connection.current, queue, now, listening(came.resolve), channels);
    grants.ask(1);
    grants.giveBack(await came.promise);
    await eventually(async () => (await vhost.channel.checkQueue(queue)).consumerCount === 0, {
      timeoutMs: WAIT_MS,
      what: 'no consumer to be left',
    });
    expect(await fill(1)).toMatchObject({ is: 'filled', added: [], removed: 0 });
    frozen.resolve();
    await grants.close();
    channels.close();
    expect(await numbers()).toEqual(['1']);
  });

  it('is not taken for missing before its holder has been asked once more', async () => {
    const channel = await connection.current.channel();
    const message = await take(channel, 'late');
    await channel.cancel('late');
    let asked = 0;
    const late = await holder(async () => {
      if (++asked === 1) return new Promise(() => {}); // it has not read yet what came to it
      if (asked === 2) channel.nack(message, false, true);
      await channel.checkQueue(queue);
      return { held: [], known: [1] };
    });
    expect(await fill(1)).toMatchObject({ is: 'filled', added: [], removed: 0 });
    late.close();
    await channel.close();
    expect(await numbers()).toEqual(['1']);
  });

  it('is not taken for one too many where its holder has given it back after it was asked', async () => {
    const channel = await connection.current.channel();
    const message = await take(channel, 'had');
    let asked = 0;
    const stopping = await holder(async () => {
      if (++asked > 1) {
        await channel.cancel('waits');
        return NONE;
      }
      // As many consumers as before, and not on the number that it says.
      await channel.consume(queue, () => {}, { consumerTag: 'waits' });
      await channel.cancel('had');
      channel.nack(message, false, true);
      await channel.checkQueue(queue);
      return { held: [1], known: [] };
    });
    expect(await fill(1)).toMatchObject({ is: 'filled', added: [], removed: 0 });
    stopping.close();
    await channel.close();
    expect(await numbers()).toEqual(['1']);
  });

  it('is not counted by who cannot ask any more', async () => {
    const channel = await connection.current.channel();
    const message = await take(channel, 'had');
    await channel.cancel('had');
    talk.close();
    expect((await fill(1)).is).toBe('silent');
    channel.nack(message, false, true);
    await channel.close();
    expect(await numbers()).toEqual(['1']);
  });
});

describe('a queue of permits that is not there', () => {
  it('is known to be missing until somebody has counted it', async () => {
    await vhost.channel.deleteQueue(queue);
    const missing = deferred();
    const channels = new GrantChannels(connection.current, 1, now);
    const grants = new GrantQueue(
      connection.current,
      queue,
      now,
      listening(() => {}, missing.resolve),
      channels,
    );
    grants.ask(1);
    await missing.promise;
    expect(grants.isMissing).toBe(true);
    const waiting = await holder(() => grants.rest());
    expect(await fill(1)).toMatchObject({ is: 'filled', added: [1] });
    expect(grants.isMissing).toBe(false);
    waiting.close();
    await grants.close();
    channels.close();
  });
});
