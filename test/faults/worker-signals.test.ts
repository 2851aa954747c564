import { describe, expect, it } from 'vitest';
import type { WorkerReport } from '../../src/core/reports/worker-report.js';
import { between } from './support/chance.js';
import { useFaultBroker } from './support/fault-broker.js';
import { kill } from './support/fault-load.js';
import { useLoads } from './support/use-load.js';

const broker = useFaultBroker();
const newLoad = useLoads(broker);

describe('a worker', () => {
  it('is killed twenty times in a row, and only what it had in flight is run again', async () => {
    const kills = 20;
    const load = await newLoad('worker killed 20 times', { tasksPerUser: 3_000 });
    await load.publish();
    await load.startWorkers();
    for (let i = 0; i < kills; i++) {
      // Each at a random moment of its own twentieth.
      await load.untilRun(Math.floor(((i + load.random()) / (kills + 2)) * load.tasks));
      const { running } = load;
      await load.strike();
      await kill(running[Math.floor(between(load.random, 0, running.length))]!);
      load.startWorker();
    }
    await load.recovered();
    await load.endsWell();
  });

  it('is replaced under load, and nothing is run twice', async () => {
    const load = await newLoad('worker told to stop');
    await load.publish();
    await load.startWorkers();
    await load.untilShare();
    const [old] = load.workers;
    old!.signal('SIGTERM');
    load.startWorker();
    await load.recovered();
    const { code, stdout } = await old!.ended;
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as WorkerReport).completed).toBeGreaterThan(0);
    const { report } = await load.endsWell();
    expect(report.duplicates).toBe(0);
  });
});
