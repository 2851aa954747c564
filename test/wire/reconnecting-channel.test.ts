import { describe, expect, inject, it } from 'vitest';
import type { ConfirmChannel } from '../../src/broker/connection/channel.js';
import { openConnection } from '../../src/broker/connection/connection.js';
import { ReconnectingChannel } from '../../src/broker/connection/reconnecting-channel.js';
import { eventually } from '../support/eventually.js';
import { NetworkProxy } from '../support/network-proxy.js';
import { addressOf, useConnection, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const connected = useConnection(vhost);

/** Checks every 5 ms, where the oldest message is what `oldest` gives. */
async function checked(oldest: () => unknown) {
  const seen = { checks: 0, opened: 0, failures: [] as Error[] };
  const reconnecting = await ReconnectingChannel.open<ConfirmChannel>(
    () => connected.current.confirmChannel(),
    async () => {},
    {
      onOpen: () => {
        seen.opened++;
      },
      onFailure: (error) => seen.failures.push(error),
      oldestUnanswered: () => {
        seen.checks++;
        return oldest();
      },
      checkEveryMs: 5,
    },
  );
  const checks = (times: number) =>
    eventually(async () => seen.checks >= times, { timeoutMs: 60_000, what: `${times} checks` });
  return { seen, checks, reconnecting };
}

describe('a channel with confirms', () => {
  it('goes on as another when one message is never answered', async () => {
    let answered = false;
    const { seen, checks, reconnecting } = await checked(() => (answered ? undefined : 'the same'));
    await eventually(async () => seen.opened === 2, { timeoutMs: 60_000, what: 'another channel' });
    answered = true;
    await checks(seen.checks + 100);
    expect(seen).toMatchObject({ opened: 2, failures: [] });
    reconnecting.close();
  });

  it('stays while messages are answered, however many wait', async () => {
    let message = 0;
    const { seen, checks, reconnecting } = await checked(() => Math.floor(message++ / 19));
    await checks(200);
    expect(seen).toMatchObject({ opened: 1, failures: [] });
    reconnecting.close();
  });
});

/** An acknowledgement on channel 1999, which nobody has opened: RabbitMQ ends the connection for it (504). */
const ON_NO_CHANNEL = Buffer.from('0107cf0000000d003c0050000000000000000100ce', 'hex');
/** The broker says that a channel is open. */
const OPEN_OK_BYTES = 16;

describe('a channel that is opened as its connection ends', () => {
  it('is one of the next connection', async () => {
    const { hostname, port } = new URL(inject('brokerUri'));
    const proxy = await NetworkProxy.to(hostname, Number(port));
    const uri = new URL(vhost.env.FAIRQ_URI!);
    uri.port = String(proxy.port);
    const address = addressOf(uri, inject('managementUri'), vhost.address.vhost);
    const connection = await openConnection(address, 'test', { reconnectForMs: 60_000 });
    proxy.hold();
    const opening = connection.channel();
    const held = (bytes: number, what: string) =>
      eventually(() => proxy.heldBytes >= bytes, { timeoutMs: 60_000, what });
    await held(OPEN_OK_BYTES, 'the broker opens the channel');
    proxy.tellBroker(ON_NO_CHANNEL);
    await held(2 * OPEN_OK_BYTES + 1, 'the broker ends the connection');
    // Both come in one piece, so the channel has gone before its owner is told that it is open.
    proxy.release();
    const channel = await opening;
    await expect(channel.assertQueue('', { exclusive: true })).resolves.toBeDefined();
    await connection.close();
    await proxy.close();
  });
});
