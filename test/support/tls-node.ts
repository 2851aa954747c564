import { createServer } from 'node:net';
import { startThrowAwayNode } from '../../dist/broker/node/private-node.js';
import type { ThrowAwayNode } from '../../src/broker/node/private-node.js';
import type { CertifiedKey } from './certificates.js';

export interface TlsNode {
  /** Of its TLS listeners, and of the plain ones that every node has; without a login. */
  readonly ports: {
    readonly amqps: number;
    readonly https: number;
    readonly amqp: number;
    readonly http: number;
  };
  stop(): Promise<void>;
}

/**
 * A node that also speaks TLS, on both of its interfaces.
 *
 * @param clientsFrom the authority whose clients are let in; undefined: no client needs a certificate
 */
export async function startTlsNode(
  server: CertifiedKey,
  ca: CertifiedKey,
  clientsFrom: CertifiedKey | undefined,
): Promise<TlsNode> {
  const [amqps, https] = [await freePort(), await freePort()];
  const options = (prefix: string) => [
    `${prefix}.cacertfile = ${(clientsFrom ?? ca).cert}`,
    `${prefix}.certfile = ${server.cert}`,
    `${prefix}.keyfile = ${server.key}`,
    `${prefix}.verify = ${clientsFrom ? 'verify_peer' : 'verify_none'}`,
    `${prefix}.fail_if_no_peer_cert = ${clientsFrom !== undefined}`,
  ];
  const node: ThrowAwayNode = await startThrowAwayNode({
    extraConfig: [
      `listeners.ssl.1 = 127.0.0.1:${amqps}`,
      ...options('ssl_options'),
      'management.ssl.ip = 127.0.0.1',
      `management.ssl.port = ${https}`,
      ...options('management.ssl'),
    ],
  });
  const ports = {
    amqps,
    https,
    amqp: Number(new URL(node.uri).port),
    http: Number(new URL(node.managementUri).port),
  };
  return { ports, stop: () => node.stop() };
}

/** A port that nobody listens on now; ports are given out in turn, so it stays free for a while. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('no port'));
      });
    });
  });
}
