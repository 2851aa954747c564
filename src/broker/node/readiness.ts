import { connect } from 'node:net';
import { HttpClient } from '../management/http-client.js';
import { LOOPBACK } from './ports.js';
import { isRecord } from './shapes.js';

const PATIENCE_MS = 2_000;
const PROTOCOL_HEADER = Buffer.from([...Buffer.from('AMQP'), 0, 0, 9, 1]);

/**
 * Whether the broker begins the AMQP handshake. An open port is not enough: the listener is up before the
 * broker takes connections. The answer is a method frame (1) on channel 0 with class 10, method 10: Start.
 */
export function amqpAnswers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0);
    const socket = connect({ port, host: LOOPBACK });
    const finish = (answered: boolean) => {
      resolve(answered);
      socket.destroy();
    };
    socket.setTimeout(PATIENCE_MS, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('end', () => finish(false));
    socket.once('connect', () => socket.write(PROTOCOL_HEADER));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 11) finish(received[0] === 1 && received.readUInt32BE(7) === 0x000a000a);
    });
  });
}

export interface Overview {
  readonly version: string;
  /** Tells our node from another that took the port in the meantime. */
  readonly nodeName: string;
}

/** What management says of itself, or null as long as it does not answer 200. */
export async function readOverview(managementUri: string): Promise<Overview | null> {
  const http = new HttpClient({ insecure: false }, PATIENCE_MS);
  try {
    const { status, text } = await http.ask(`${managementUri}/api/overview`, {
      method: 'GET',
      headers: { authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}` },
    });
    const answer: unknown = JSON.parse(text);
    if (status !== 200 || !isRecord(answer)) return null;
    const { rabbitmq_version: version, node } = answer;
    return typeof version === 'string' && typeof node === 'string' ? { version, nodeName: node } : null;
  } catch {
    return null;
  } finally {
    http.close();
  }
}
