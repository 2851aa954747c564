import type { BrokerAddress } from '../../broker/connection/address.js';
import { Management } from '../../broker/management/management.js';
import { startThrowAwayNode } from '../../broker/node/private-node.js';

/**
 * Lends a broker to a bench: the configured one, or a node that lives as long as the bench.
 *
 * @param interrupted rejects when the operator wants to stop
 */
export async function withBenchBroker<R>(
  configured: BrokerAddress | undefined,
  interrupted: Promise<never>,
  use: (address: BrokerAddress) => Promise<R>,
): Promise<{ version: string; outcome: R }> {
  if (configured !== undefined) return onBroker(configured, use);
  const node = await startThrowAwayNode();
  try {
    const died = node.died.then((reason) => {
      throw new Error(`the throw-away broker died: ${reason}`);
    });
    died.catch(() => {});
    const { hostname, port } = new URL(node.uri);
    const address: BrokerAddress = {
      protocol: 'amqp',
      hosts: [{ hostname, port: Number(port) }],
      vhost: '/',
      username: 'guest',
      password: 'guest',
      managementUris: [node.managementUri],
      tls: { insecure: false },
    };
    return await Promise.race([onBroker(address, use), died, interrupted]);
  } finally {
    await node.stop();
  }
}

async function onBroker<R>(
  address: BrokerAddress,
  use: (address: BrokerAddress) => Promise<R>,
): Promise<{ version: string; outcome: R }> {
  const management = new Management(address);
  try {
    const version = await management.version();
    return { version, outcome: await use(address) };
  } finally {
    await management.close();
  }
}
