import type { Delivery } from '../../../broker/connection/delivery.js';
import type { TasksAtWorker } from '../../../core/events/whereabouts.js';
import { decodeEnvelope } from '../../../core/message/envelope.js';
import type { DeliveredTask } from '../task/delivered-task.js';

interface Places {
  readonly running: Iterable<DeliveredTask>;
  /** Their completion is not written yet. */
  readonly ended: Iterable<DeliveredTask>;
  readonly prefetched: Iterable<DeliveredTask>;
  /** They wait here until their next attempt is due. */
  readonly retrying: Iterable<Delivery>;
}

/** How many tasks of which user and run a worker has, for who wants to know where all of them are. */
export function tasksHere({ running, ended, prefetched, retrying }: Places): TasksAtWorker[] {
  const sums = new Map<string, { -readonly [Field in keyof TasksAtWorker]: TasksAtWorker[Field] }>();
  const count = (
    { properties }: Delivery,
    otherwise: string,
    where: 'running' | 'ended' | 'prefetched' | 'retrying',
  ) => {
    const found = decodeEnvelope(properties.headers);
    const [run, user] = [found.run ?? '', found.user ?? otherwise];
    const key = JSON.stringify([run, user]);
    let sum = sums.get(key);
    if (sum === undefined) {
      sum = { run, user, running: 0, ended: 0, prefetched: 0, retrying: 0 };
      sums.set(key, sum);
    }
    if (where === 'ended') sum.running++; // whoever counts what is outstanding finds them there
    sum[where]++;
  };
  for (const { message, lane } of running) count(message, lane.user, 'running');
  for (const { message, lane } of ended) count(message, lane.user, 'ended');
  for (const { message, lane } of prefetched) count(message, lane.user, 'prefetched');
  for (const message of retrying) count(message, '', 'retrying');
  return [...sums.values()];
}
