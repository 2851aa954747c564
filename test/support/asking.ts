import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { namesFor } from '../../src/core/queues/names.js';
import type { Clock } from '../../src/core/values/clock.js';
import { askingOf } from '../../src/serve/auth/asking.js';
import {
  type Asking,
  type Authenticator,
  type Identity,
  Unauthenticated,
} from '../../src/serve/auth/identity.js';

export const NAMES = namesFor('fairq');

/** A request that was never sent, with headers as Node gives them. */
export function asking(headers: Readonly<Record<string, string>>, peer = '127.0.0.1'): Asking {
  const lower = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return { peer, header: (name) => lower.get(name.toLowerCase()) };
}

export function bearing(token: string): Asking {
  return asking({ Authorization: `Bearer ${token}` });
}

/** Bytes of UTF-8 as they stand in a header of Node. */
export function onTheWire(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Why nobody is let in; fails where somebody is, or where it is another error. */
export async function refusalOf(authenticator: Authenticator, of: Asking): Promise<string> {
  let identity: Identity;
  try {
    identity = await authenticator.identify(of);
  } catch (error) {
    if (error instanceof Unauthenticated) return error.reason;
    throw error;
  }
  throw new Error(`${identity.user} was let in`);
}

/** What an authenticator makes of a real request to a server on loopback; its reason where it lets nobody in. */
export async function askedOverHttp(
  authenticator: Authenticator,
  headers: Readonly<Record<string, string | string[]>>,
): Promise<Identity | string> {
  let said: Promise<Identity | string> = Promise.reject(new Error('nobody asked'));
  said.catch(() => {});
  const server = createServer((incoming, response) => {
    const identified = (async () => authenticator.identify(askingOf(incoming)))();
    said = identified.catch((error: unknown) => {
      if (error instanceof Unauthenticated) return error.reason;
      throw error;
    });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await new Promise<void>((resolve, reject) => {
      const sent = request({ port, host: '127.0.0.1', headers: { ...headers }, agent: false }, (response) => {
        response.resume().on('end', resolve);
      });
      sent.on('error', reject).end();
    });
    return await said;
  } finally {
    server.close();
  }
}

/** A clock that stands until it is told to go on. */
export class StandingClock implements Clock {
  #now = 1_000_000;
  now = () => this.#now;
  epochMicros = () => this.#now * 1_000;
  advance(ms: number): void {
    this.#now += ms;
  }
}
