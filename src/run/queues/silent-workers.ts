import { WORKER_CONNECTION } from '../../core/queues/names.js';
import type { QueueDetails, ServingWorker } from '../../core/reports/queue-report.js';

/**
 * Workers that consume a queue, by the broker's word, and were not heard. A task blocks their event loop, they are
 * stopped, or of another prefix.
 *
 * @param clients what processes call themselves, by connection; undefined where the broker does not say so to this user
 * @param consumersNow the broker's list is up to 5 s old: some of those in it may have gone
 */
export function silentWorkers(
  { consumerDetails }: Pick<QueueDetails, 'consumerDetails'>,
  clients: ReadonlyMap<string, string> | undefined,
  heard: readonly ServingWorker[],
  consumersNow: number,
): ServingWorker[] {
  const isHeard = new Set(heard.map(({ name }) => name));
  const listed = consumerDetails.flatMap(({ connection }) => {
    const client = clients?.get(connection);
    return client?.startsWith(WORKER_CONNECTION) === true ? [client.slice(WORKER_CONNECTION.length)] : [];
  });
  const silent = listed.filter((name) => !isHeard.has(name));
  const others = Math.max(0, consumersNow - (listed.length - silent.length));
  return silent.slice(0, others).map((name) => ({ name, slots: null, idle: null }));
}
