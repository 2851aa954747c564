import type { Options } from 'amqplib';
import { beforeAll, expect } from 'vitest';
import { type Ended, fairqJson } from './fairq.js';
import type { TestVhost } from './vhost.js';

/** The good tasks of each user, in each run. */
export const GOOD = 40;
/** A reason is for people, and has to fit into a frame. Characters. */
export const LONGEST_REASON = 2_000;

/** A vhost with tasks that fail, beside those of two users that have nothing to do with it. */
export interface Poison {
  /** Publishes the tasks of the two users. */
  publishGood(run: string, task: string): Promise<void>;
  expectGoodDone(run: string): Promise<void>;
  /** Puts a message into a user's queue behind fairq's back. */
  put(user: string, body: string, properties: Options.Publish): Promise<void>;
  /** Takes the dead letters: the reason by the user whose queue each came from. */
  reasons(): Promise<Map<string, string>>;
}

export function usePoison(vhost: TestVhost): Poison {
  const { env } = vhost;
  beforeAll(async () => {
    // Makes what fairq keeps on the broker.
    await fairqJson(env, 'publish', '--user', 'first', '--run', 'first');
    await fairqJson(env, 'worker', '--exit-when', 'empty');
  });
  return {
    publishGood: async (run, task) => {
      for (const user of ['good', 'also good']) {
        const load = ['--user', user, '--task', task, '--count', `${GOOD}`, '--run', run];
        await fairqJson(env, 'publish', ...load);
      }
    },
    expectGoodDone: async (run) => {
      const report = await fairqJson(env, 'report', '--run', run);
      const all = { published: 2 * GOOD, completed: 2 * GOOD };
      expect(report).toMatchObject({ ...all, failed: 0, missing: 0, duplicates: 0 });
    },
    put: async (user, body, properties) => {
      const queue = `fairq.user.${user}`;
      await vhost.channel.assertQueue(queue, { durable: true });
      await vhost.channel.bindQueue(queue, 'fairq', user);
      vhost.channel.sendToQueue(queue, Buffer.from(body), { persistent: true, ...properties });
      // Answered after the message has come, so that whoever asks next finds it.
      await vhost.channel.checkQueue(queue);
    },
    reasons: async () => {
      const found = new Map<string, string>();
      for (;;) {
        const message = await vhost.channel.get('fairq.dead', { noAck: true });
        if (message === false) return found;
        const { 'x-fairq-queue': queue, 'x-fairq-reason': reason } = message.properties.headers ?? {};
        found.set(String(queue).replace('fairq.user.', ''), String(reason));
      }
    },
  };
}

/** A worker lives on to the end: it says how much it has done, and by its exit code that it leaves dead letters. */
export function expectLived({ code, stdout, stderr }: Ended): Record<string, unknown> {
  expect(stderr).not.toContain('error:');
  expect(code).toBe(3);
  return JSON.parse(stdout.slice(stdout.lastIndexOf('{"schemaVersion"'))) as Record<string, unknown>;
}
