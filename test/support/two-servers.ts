import { afterAll, beforeAll, expect } from 'vitest';
import { ask, type HttpAnswer, type Serving, startServing } from './serving.js';

/** Two servers that are there for all tests of a file. */
export function useTwoServers(env: Readonly<Record<string, string>>): {
  /** The first is 0. It is there once the tests run. */
  server(index: number): Serving;
  /** Sends a task with an idempotency key. */
  post(server: number, user: string, key: string, body?: object | string): Promise<HttpAnswer>;
} {
  let servers: Serving[] = [];
  beforeAll(async () => {
    servers = await Promise.all([startServing(env), startServing(env)]);
  });
  afterAll(async () => {
    for (const { process } of servers) process.signal('SIGTERM');
    for (const { process } of servers) expect((await process.ended).code).toBe(0);
  });
  const server = (index: number): Serving => servers[index]!;
  return {
    server,
    post: (index, user, key, body = { task: 'noop' }) =>
      ask(server(index), '/v1/tasks', { user, headers: { 'idempotency-key': key }, body }),
  };
}
