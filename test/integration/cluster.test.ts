import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/report.js';
import { Cluster } from '../support/cluster.js';
import { eventually } from '../support/eventually.js';
import { fairq, fairqJson, RunningFairq } from '../support/fairq.js';

// An open defect (see the README): on 4.3 reports miss some tasks, whose cause is not found yet.
const hasOpenDefect = process.env.FAIRQ_RABBITMQ_SERVER?.includes('/sid/') === true;
if (hasOpenDefect)
  console.warn('NOT TESTED on RabbitMQ 4.3: the loss of a node; reports miss some tasks there.');

const QUORUM = ['--queue-type', 'quorum'];
// Undefined where its start failed.
let cluster: Cluster | undefined;

beforeAll(async () => {
  cluster = await Cluster.start(3);
}, 180_000);
afterAll(() => cluster?.stop());

describe('a cluster of three nodes', () => {
  it.skipIf(hasOpenDefect)(
    'may lose the one that everybody is connected to, under load, and no task',
    async () => {
      const { env } = cluster!;
      // No task fails here: with retries on their way, a report on 4.3 has missed some tasks (see the README).
      const load = ['--users', '20', '--count', '1000', '--run', 'lost'];
      const publisher = new RunningFairq(['publish', ...load, '--rate', '1200/s', ...QUORUM], env);
      const flags = ['--exit-when', 'idle', '--idle-for', '20s'];
      const workers = [1, 2].map(() => new RunningFairq(['worker', ...flags, ...QUORUM], env));
      for (const worker of workers) await worker.says(/ready, /);
      const completed = async () => {
        const { code, stdout } = await fairq(env, '--json', 'report', '--run', 'lost');
        return code === 0 ? (JSON.parse(stdout) as RunReport).completed : 0;
      };
      await eventually(async () => (await completed()) > 5_000, {
        timeoutMs: 60_000,
        what: '5,000 completions',
      });
      cluster!.kill(0);
      for (const process of [publisher, ...workers]) await process.says(/connected again/);
      for (const { ended } of [publisher, ...workers]) {
        const { code, stderr } = await ended;
        expect(code, stderr).toBe(0);
      }
      const report = await fairqJson<RunReport>(env, 'report', '--run', 'lost');
      expect(report).toMatchObject({ published: 20_000, completed: 20_000, failed: 0, missing: 0 });
      const { letters } = await fairqJson<{ letters: unknown[] }>(env, 'dead', 'list');
      expect(letters).toEqual([]);
    },
    240_000,
  );
});
