import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Connection, openConnection } from '../../src/broker/connection/connection.js';
import { takeLock } from '../../src/broker/queues/lock.js';
import { eventually } from '../support/eventually.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
let name: string;
let one: Connection;
let other: Connection;

beforeEach(async () => {
  name = `lock-${randomUUID()}`;
  one = await openConnection(vhost.address, 'one');
  other = await openConnection(vhost.address, 'other');
});
afterEach(async () => {
  await one.close();
  await other.close();
});

describe('a lock', () => {
  it('is had by one at a time, of one connection too, and whoever has it can release it', async () => {
    const lock = await takeLock(one, name);
    expect(await takeLock(one, name)).toBeUndefined();
    expect(await takeLock(other, name)).toBeUndefined();
    await lock!.release();
    const next = await takeLock(other, name);
    expect(await takeLock(one, name)).toBeUndefined();
    await next!.release();
    await (await takeLock(one, name))!.release();
  });

  it('is there after a refusal on its channel, and is released all the same', async () => {
    const lock = await takeLock(one, name);
    await expect(lock!.channel.checkQueue(`${name}-missing`)).rejects.toThrow('404');
    expect(await takeLock(one, name)).toBeUndefined();
    await lock!.release();
    await (await takeLock(one, name))!.release();
  });

  it('goes with its connection', async () => {
    await takeLock(one, name);
    await one.close();
    const next = await eventually(() => takeLock(other, name), { timeoutMs: 60_000, what: 'the lock' });
    await next.release();
  });
});
