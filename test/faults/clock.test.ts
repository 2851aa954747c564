import { describe, expect, it } from 'vitest';
import { useFaultBroker } from './support/fault-broker.js';
import { useLoads } from './support/use-load.js';

const broker = useFaultBroker();
const newLoad = useLoads(broker);
const HOUR_MS = '3600000';
const settable = {
  NODE_OPTIONS: `--import ${new URL('./support/clock-back.mjs', import.meta.url).href}`,
  FAULT_CLOCK_BACK_MS: HOUR_MS,
};

describe('a clock that is set back by an hour', () => {
  it('in publisher and worker, under way and at a start, loses nothing and makes no time negative', async () => {
    const load = await newLoad('clock set back', { workerEnv: settable });
    await load.startWorkers();
    const publisher = load.publishInBackground(settable);
    await load.untilShare(0.15, 0.3);
    publisher.signal('SIGUSR2');
    await load.untilShare(0.35, 0.5);
    const [first, second] = load.workers;
    first!.signal('SIGUSR2');
    second!.signal('SIGTERM');
    load.startWorker({ FAULT_CLOCK_BACK_AT_START_MS: HOUR_MS });
    await load.recovered();
    const { code, stdout, stderr } = await publisher.ended;
    expect(code, stderr).toBe(0);
    const { seconds, perSecond } = JSON.parse(stdout) as { seconds: number; perSecond: number };
    expect(seconds).toBeGreaterThanOrEqual(0);
    expect(perSecond).toBeGreaterThanOrEqual(0);
    const { report } = await load.endsWell();
    expect(report.seconds).toBeGreaterThanOrEqual(0);
    for (const worker of load.workers) {
      const { startUpSeconds, seconds: busy } = JSON.parse(worker.stdout) as {
        startUpSeconds: number;
        seconds: number;
      };
      expect(startUpSeconds).toBeGreaterThanOrEqual(0);
      expect(busy).toBeGreaterThanOrEqual(0);
    }
  });
});
