import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Direction, NetworkProxy } from '../support/network-proxy.js';
import { times } from '../support/times.js';
import { useFaultBroker } from './support/fault-broker.js';
import { useLoads } from './support/use-load.js';

const broker = useFaultBroker();
const newLoad = useLoads(broker);
let proxy: NetworkProxy;
beforeAll(async () => {
  const { hostname, port } = new URL(broker.uri);
  proxy = await NetworkProxy.to(hostname, Number(port));
});
afterAll(() => proxy.close());

/** Publisher and workers reach the broker by way of the proxy; the test itself goes straight to it. */
async function proxiedLoad(fault: string) {
  const load = await newLoad(fault);
  const { hostname, port } = new URL(broker.uri);
  const viaProxy = {
    FAIRQ_URI: load.uriAt(broker.uri).replace(`${hostname}:${port}`, `127.0.0.1:${proxy.port}`),
  };
  for (let i = 0; i < 2; i++) load.startWorker(viaProxy);
  await Promise.all(load.workers.map((worker) => worker.says(/: ready, /)));
  const publisher = load.publishInBackground(viaProxy);
  await load.untilShare();
  return { load, publisher };
}

describe('a network', () => {
  it('that resets every connection loses nothing', async () => {
    const { load, publisher } = await proxiedLoad('connection cut');
    await load.strike();
    proxy.cut();
    await load.recovered();
    const { code, stderr } = await publisher.ended;
    expect(code, stderr).toBe(0);
    for (const one of [publisher, ...load.workers]) expect(times(one.stderr, 'was lost')).toBe(1);
    await load.endsWell({ publisher });
  });

  const ways: readonly (readonly [string, readonly Direction[]])[] = [
    ['to the broker', ['toBroker']],
    ['to the clients', ['toClient']],
    ['both ways', ['toBroker', 'toClient']],
  ];
  it.each(ways)('that swallows everything %s is noticed by its silence', async (name, directions) => {
    const { load, publisher } = await proxiedLoad(`half-open ${name}`);
    await load.strike();
    proxy.swallow(...directions);
    // Nobody is told: it is the heartbeats that stay away.
    await Promise.all([publisher, ...load.workers].map((one) => one.says(/was lost/, 120_000)));
    proxy.heal();
    await load.recovered();
    const { code, stderr } = await publisher.ended;
    expect(code, stderr).toBe(0);
    await load.endsWell({ publisher });
  });
});
