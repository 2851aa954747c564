import { randomUUID } from 'node:crypto';
import amqplib, { type Channel, type ChannelModel } from 'amqplib';
import { afterAll, beforeAll, inject } from 'vitest';
import type { BrokerAddress } from '../../src/broker/connection/address.js';
import { type Connection, openConnection } from '../../src/broker/connection/connection.js';
import { Management } from '../../src/broker/management/management.js';
import { eventually } from './eventually.js';
import { askManagement } from './management-api.js';

export interface TestVhost {
  readonly address: BrokerAddress;
  readonly management: Management;
  /** For what a test does behind fairq's back. */
  readonly channel: Channel;
  /** For a child: where the broker is. */
  readonly env: Record<string, string>;
  /** Ready messages of a queue, counted by the broker itself; undefined where it does not exist. */
  ready(queue: string): Promise<number | undefined>;
}

/**
 * A vhost of its own for a test file; at the end nobody may be connected to it any more.
 *
 * @param settings as the management API takes them, such as `default_queue_type`
 */
export function useVhost(settings: object = {}): TestVhost {
  const name = `test-${randomUUID()}`;
  const uri = new URL(inject('brokerUri'));
  const address = addressOf(uri, inject('managementUri'), name);
  const management = new Management(address);
  let model: ChannelModel;
  let channel: Channel;

  beforeAll(async () => {
    await management.makeVhost(name);
    await askManagement({ uri: inject('managementUri') }, 'PUT', `/vhosts/${name}`, settings);
    model = await connect(address);
    channel = await model.createChannel();
  });
  afterAll(async () => {
    await model.close();
    await eventually(async () => (await connections(address)).length === 0, {
      timeoutMs: 60_000,
      what: `nobody is connected to ${name}`,
    });
    await management.removeVhost(name);
    await management.close();
  });

  return {
    address,
    management,
    get channel() {
      return channel;
    },
    env: {
      FAIRQ_URI: `amqp://${uri.username}:${uri.password}@${uri.hostname}:${uri.port || 5672}/${name}`,
      FAIRQ_MANAGEMENT_URI: inject('managementUri'),
    },
    ready: async (queue) => {
      // A missing queue closes the channel that asks.
      const asking = await model.createChannel();
      asking.on('error', () => {});
      try {
        const { messageCount } = await asking.checkQueue(queue);
        await asking.close();
        return messageCount;
      } catch {
        return undefined;
      }
    },
  };
}

export function addressOf(uri: URL, managementUri: string, vhost: string): BrokerAddress {
  return {
    protocol: 'amqp',
    hosts: [{ hostname: uri.hostname, port: Number(uri.port || 5672) }],
    vhost,
    username: decodeURIComponent(uri.username) || 'guest',
    password: decodeURIComponent(uri.password) || 'guest',
    managementUris: [managementUri],
    tls: { insecure: false },
  };
}

/** fairq's own connection to the vhost, for the tests of a file. */
export function useConnection(vhost: TestVhost): { readonly current: Connection } {
  const holder = {} as { current: Connection };
  beforeAll(async () => {
    holder.current = await openConnection(vhost.address, 'test');
  });
  afterAll(() => holder.current.close());
  return holder;
}

function connect(address: BrokerAddress): Promise<ChannelModel> {
  const { hosts, username, password, vhost } = address;
  return amqplib.connect({ ...hosts[0], username, password, vhost }, { noDelay: true });
}

async function connections(address: BrokerAddress): Promise<unknown[]> {
  const [uri = ''] = address.managementUris;
  const api = { uri, login: `${address.username}:${address.password}` };
  return (await askManagement(api, 'GET', `/vhosts/${address.vhost}/connections`)) as unknown[];
}
