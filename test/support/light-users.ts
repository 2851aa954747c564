import { beforeEach } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import type { WorkerReport } from '../../src/core/reports/worker-report.js';
import { type Ended, fairqJson } from './fairq.js';
import type { NotingScene } from './noting-scene.js';
import type { TestVhost } from './vhost.js';

const RUN = 'load';

/** Users that share queues, in the scene of a test. */
export interface LightUsers {
  /** Sets up so many shared queues, and publishes one task of the user "first". */
  setUp(count: number): Promise<object>;
  /** As a client in any language would: nothing is made first. The broker has all of them when it resolves. */
  send(user: string, count: number, ms?: number): Promise<void>;
  queueOf(user: string): string;
  report(): Promise<RunReport>;
}

export function useLightUsers(vhost: TestVhost, scene: NotingScene): LightUsers {
  let sent = 0;
  beforeEach(() => {
    sent = 0;
  });
  return {
    setUp: (count) => {
      const first = ['--user', 'first', '--count', '1', '--task', 'work'];
      return fairqJson(scene.env, 'publish', '--units', `shared:${count}`, ...first);
    },
    send: async (user, count, ms = 0) => {
      const { channel } = vhost;
      for (let i = 1; i <= count; i++) {
        const now = Date.now() * 1_000;
        channel.publish(scene.prefix, user, Buffer.from(JSON.stringify({ ms })), {
          persistent: true,
          messageId: `task-${++sent}`,
          type: 'work',
          headers: { 'x-fairq': `1 ${i} 1 ${now} 0 ${RUN} ${user}` },
        });
      }
      await channel.checkExchange(scene.prefix);
    },
    queueOf: (user) => `${scene.prefix}.user.${user}`,
    report: () => fairqJson<RunReport>(scene.env, 'report', '--run', RUN),
  };
}

export function reportsOf(ended: readonly Ended[]): WorkerReport[] {
  return ended.map(({ stdout }) => JSON.parse(stdout) as WorkerReport);
}

export function sum(counts: readonly number[]): number {
  return counts.reduce((a, b) => a + b, 0);
}
