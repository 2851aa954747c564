import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { times } from '../support/times.js';
import { useFaultBroker } from './support/fault-broker.js';
import { useLoads } from './support/use-load.js';

const broker = useFaultBroker();
const newLoad = useLoads(broker);
/** What "a while" is for an outage: longer than any back-off between two tries to connect. */
const OUTAGE_MS = 20_000;

describe('the broker', () => {
  it('is killed and starts again, and nothing that was confirmed is lost', async () => {
    const load = await newLoad('broker killed');
    const publisher = await load.underWay();
    await load.strike();
    await broker.kill();
    await broker.start();
    await load.recovered();
    const { code, stderr } = await publisher.ended;
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('connected again');
    await load.endsWell({ publisher });
    for (const worker of load.workers) expect(times(worker.stderr, 'was lost')).toBe(1);
  });

  it('is away for a while, and all go on when it is back', async () => {
    const load = await newLoad('broker stopped for 20 s', { tasksPerUser: 2_500 });
    const publisher = await load.underWay();
    await load.strike();
    await broker.stop();
    const since = performance.now();
    // The time is the fault.
    await eventually(() => performance.now() - since > OUTAGE_MS, {
      timeoutMs: 2 * OUTAGE_MS,
      what: 'the end of the outage',
    });
    await broker.start();
    await load.recovered();
    const { code, stderr } = await publisher.ended;
    expect(code, stderr).toBe(0);
    expect(times(stderr, 'was lost')).toBe(1);
    await load.endsWell({ publisher });
    for (const worker of load.workers) expect(times(worker.stderr, 'connected again')).toBe(1);
  });

  it('has no memory left for a while: the publisher waits, says so, and goes on', async () => {
    const load = await newLoad('memory alarm', { tasksPerUser: 2_500 });
    // The broker looks at its memory every 2.5 s, and the publisher is to be there still.
    const publisher = await load.underWay(0.05, 0.15);
    await broker.evaluate('vm_memory_monitor:set_vm_memory_high_watermark(0.00001).');
    try {
      await publisher.says(/the broker is blocked \(.*\); waiting until it takes tasks again/);
    } finally {
      await broker.evaluate('vm_memory_monitor:set_vm_memory_high_watermark(0.4).');
    }
    await load.recovered();
    const { code, stderr } = await publisher.ended;
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('the broker takes tasks again');
    const { report } = await load.endsWell({ publisher });
    expect(report.duplicates).toBe(0);
  });
});
