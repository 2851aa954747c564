import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NetworkProxy } from '../support/network-proxy.js';
import { useFaultBroker } from './support/fault-broker.js';
import { PublisherOnTerminal } from './support/publisher-on-terminal.js';
import { useLoads } from './support/use-load.js';

const broker = useFaultBroker();
const newLoad = useLoads(broker);
/** Some hundred tasks. */
const MUCH_BYTES = 200_000;

let proxy: NetworkProxy;
beforeAll(async () => {
  proxy = await NetworkProxy.to('127.0.0.1', Number(new URL(broker.uri).port));
});
afterAll(() => proxy.close());

describe('a publisher that is killed', () => {
  it('leaves every task on the broker that it had said was confirmed', async () => {
    const load = await newLoad('publisher killed', { tasksPerUser: 2_000 });
    await load.startWorkers();
    const env = { ...load.env, FAIRQ_URI: load.uriAt(`amqp://guest:guest@127.0.0.1:${proxy.port}`) };
    const publisher = new PublisherOnTerminal([...load.publishing(), '--rate', '4000/s'], env);
    const share = load.between(load.tasks * 0.5, load.tasks * 0.8);
    await load.until(async () => publisher.confirmed >= share);
    // What it sends now is sent and not confirmed.
    proxy.swallow('toBroker');
    await load.until(async () => proxy.swallowedBytes > MUCH_BYTES);
    const said = publisher.timesSaid;
    await load.until(async () => publisher.timesSaid > said + 2);
    await publisher.kill();
    proxy.heal();
    const { tasks, report } = await load.ends();
    expect(tasks).toBeGreaterThanOrEqual(publisher.confirmed);
    expect(tasks).toBeGreaterThanOrEqual(20_000);
    // It could not say what it has sent: the report must not make that up.
    expect(report).toMatchObject({ published: null, missing: null, completed: tasks, duplicates: 0 });
  });
});
