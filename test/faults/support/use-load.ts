import { afterEach } from 'vitest';
import type { FaultBroker } from './fault-broker.js';
import { FaultLoad, type FaultLoadOptions } from './fault-load.js';

/** Makes loads that are gone, with every process, after their test. */
export function useLoads(
  broker: FaultBroker,
): (fault: string, options?: FaultLoadOptions) => Promise<FaultLoad> {
  const loads: FaultLoad[] = [];
  afterEach(async () => {
    for (const load of loads.splice(0)) await load.close();
  }, 60_000);
  return async (fault, options) => {
    const load = await FaultLoad.in(broker, fault, options);
    loads.push(load);
    return load;
  };
}
