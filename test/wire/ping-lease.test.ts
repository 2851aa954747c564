import { describe, expect, it } from 'vitest';
import { openConnection } from '../../src/broker/connection/connection.js';
import { GrantChannels } from '../../src/broker/policy/grant-channels.js';
import { GrantQueue, type GrantQueueListener } from '../../src/broker/policy/grant-queue.js';
import { PingLease } from '../../src/broker/policy/ping-lease.js';
import { eventually } from '../support/eventually.js';
import { type Direction, NetworkProxy } from '../support/network-proxy.js';
import { useConnection, useVhost } from '../support/vhost.js';

const WAIT_MS = 60_000;
const vhost = useVhost();
const connection = useConnection(vhost);
const clock = { now: () => performance.now() };

/** Grants that it holds, in the order in which they came. */
function grantsFrom(on: typeof connection.current, queue: string): { held: string[]; grants: GrantQueue } {
  const held: string[] = [];
  const listener: GrantQueueListener = {
    onGrant: ({ number }) => held.push(String(number)),
    onLost: () => held.push('lost'),
    onMissing: () => held.push('missing'),
    onRefused: (error) => held.push(error.message),
  };
  const grants = new GrantQueue(on, queue, clock.now, listener, new GrantChannels(on, 1, clock.now));
  return { held, grants };
}

async function cutOff(directions: readonly Direction[]): Promise<void> {
  const queue = `lease-${directions.join('-')}`;
  await vhost.channel.assertQueue(queue);
  vhost.channel.sendToQueue(queue, Buffer.alloc(0), { messageId: '1' });
  const [host] = vhost.address.hosts;
  const proxy = await NetworkProxy.to(host!.hostname, host!.port);
  const hosts = [{ hostname: '127.0.0.1', port: proxy.port }];
  const cut = await openConnection({ ...vhost.address, hosts, heartbeatSeconds: 2 }, 'cut off', {
    reconnectForMs: WAIT_MS,
  });
  let over = 0;
  const lease = new PingLease(cut, clock, {
    onOver: () => {
      over++;
    },
  });
  expect(lease.holds).toBe(false);
  await lease.open();
  expect(lease.holds).toBe(true);
  const [first, second] = [grantsFrom(cut, queue), grantsFrom(connection.current, queue)];
  first.grants.ask(1);
  await eventually(() => first.held.length === 1, { timeoutMs: WAIT_MS, what: 'a grant' });
  second.grants.ask(1);
  proxy.swallow(...directions);
  await eventually(() => second.held.length === 1 || !lease.holds, { timeoutMs: WAIT_MS, what: 'the end' });
  expect({ second: second.held, holds: lease.holds }).toEqual({ second: [], holds: false });
  await eventually(() => second.held.length === 1, { timeoutMs: WAIT_MS, what: 'the other to have it' });
  await second.grants.close();
  // The client notices by itself, or is told here: the lease holds again on the next connection.
  if (over > 0) cut.drop();
  proxy.heal();
  await eventually(() => lease.holds, { timeoutMs: WAIT_MS, what: 'a lease on the next connection' });
  expect(first.held).toEqual(['1', 'lost']);
  lease.close();
  await first.grants.close();
  await cut.close();
  await proxy.close();
}

describe('a lease by pings', () => {
  it('ends before the broker gives what is held to others, whichever way is cut, and holds on the next connection', async () => {
    await Promise.all([cutOff(['toBroker', 'toClient']), cutOff(['toBroker']), cutOff(['toClient'])]);
  });

  it('holds while the broker answers', async () => {
    const alive = await openConnection({ ...vhost.address, heartbeatSeconds: 1 }, 'alive');
    let over = 0;
    const lease = new PingLease(alive, clock, { onOver: () => over++ });
    await lease.open();
    const until = clock.now() + 5_000;
    await eventually(() => !lease.holds || clock.now() > until, {
      timeoutMs: WAIT_MS,
      what: 'five heartbeats',
    });
    expect({ holds: lease.holds, over }).toEqual({ holds: true, over: 0 });
    lease.close();
    await alive.close();
  });
});
