import { describe, expect, it } from 'vitest';
import { useFaultBroker } from './support/fault-broker.js';
import { HEARTBEAT_SECONDS } from './support/fault-load.js';
import { useLoads } from './support/use-load.js';

const broker = useFaultBroker();
const newLoad = useLoads(broker);
const NOTICED_WITHIN_MS = 120_000;
const FROZEN_MS = 60_000;
/** A connection is taken for dead after two heartbeats; one of the checks may just have been. */
const BLOCKED_MS = 5 * HEARTBEAT_SECONDS * 1_000;

async function connectionsOf(vhost: string): Promise<number> {
  return Number(
    await broker.evaluate(
      `length([C || C <- rabbit_networking:connections(), proplists:get_value(vhost, rabbit_networking:connection_info(C, [vhost])) =:= <<"${vhost}">>]).`,
    ),
  );
}

describe('a worker that says nothing', () => {
  it('since it is frozen is dropped by the broker, and goes on when it thaws', async () => {
    const load = await newLoad('worker frozen', { taskMs: 40 });
    await load.publish();
    await load.startWorkers();
    await load.untilShare(0.1, 0.2);
    const connected = await connectionsOf(load.vhost);
    const [frozen] = load.workers;
    await load.strike();
    const since = performance.now();
    frozen!.signal('SIGSTOP');
    try {
      const isDropped = async () => (await connectionsOf(load.vhost)) < connected;
      // The time is the fault.
      await load.until(async () => performance.now() - since > FROZEN_MS && isDropped(), NOTICED_WITHIN_MS);
    } finally {
      frozen!.signal('SIGCONT');
    }
    load.over();
    await frozen!.says(/connected again/);
    await load.recovered();
    await load.endsWell();
  });

  it('since a handler blocks it goes on after that, and loses nothing', async () => {
    const load = await newLoad('handler blocks the event loop', { taskMs: 20 });
    await load.publish();
    load.startWorker({
      FAULT_BLOCK_AT: String(load.between(200, 2_000)),
      FAULT_BLOCK_MS: String(BLOCKED_MS),
    });
    load.startWorker();
    const [blocked] = load.workers;
    await load.strike();
    await load.until(async () => blocked!.stderr.includes('connected again'), NOTICED_WITHIN_MS);
    await load.recovered();
    await load.endsWell();
    expect(blocked!.stderr).toContain('was lost');
  });
});
