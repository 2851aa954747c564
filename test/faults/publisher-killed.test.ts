import { describe, expect, it } from 'vitest';
import { useFaultBroker } from './support/fault-broker.js';
import { PublisherOnTerminal } from './support/publisher-on-terminal.js';
import { useLoads } from './support/use-load.js';

const broker = useFaultBroker();
const newLoad = useLoads(broker);

describe('a publisher that is killed', () => {
  it('leaves every task on the broker that it had said was confirmed', async () => {
    const load = await newLoad('publisher killed', { tasksPerUser: 2_000 });
    await load.startWorkers();
    const publisher = new PublisherOnTerminal([...load.publishing(), '--rate', '4000/s'], load.env);
    const share = load.between(load.tasks * 0.5, load.tasks * 0.8);
    await load.until(async () => publisher.confirmed >= share);
    await publisher.kill();
    await load.recovered();
    const { tasks, report } = await load.ends();
    expect(tasks).toBeGreaterThanOrEqual(publisher.confirmed);
    expect(tasks).toBeGreaterThanOrEqual(20_000);
    // It could not say what it has sent: the report must not make that up.
    expect(report).toMatchObject({ published: null, missing: null, completed: tasks, duplicates: 0 });
  });
});
