import type { Connection } from '../../broker/connection/connection.js';
import type { Management } from '../../broker/management/management.js';
import { countQueues } from '../../broker/queues/queue-counts.js';
import type { FoundTasks } from '../../core/events/whereabouts.js';
import { delayOfQueue, type Names, userQueueOf } from '../../core/queues/names.js';
import { WorkerCensus } from './worker-census.js';

export interface FindTasksDeps {
  readonly connection: Connection;
  readonly names: Names;
  readonly management: Management;
  readonly newId: () => string;
}

/**
 * Counts what is in the queues of these users, in these queues that are no user's own, in the queues of retries and at
 * the workers. Queues come first: a task that goes from a queue to a worker meanwhile is counted twice, and never not
 * at all.
 */
export async function findTasks(
  { connection, names, management, newId }: FindTasksDeps,
  users: readonly string[],
  others: readonly string[],
): Promise<FoundTasks> {
  const census = await WorkerCensus.open(connection, names);
  try {
    const retryQueues = await retryQueuesOf(management, names);
    const connected = await workersConnected(management);
    const queueOf = new Map(users.map((user) => [user, userQueueOf(names, user)]));
    const counts = await countQueues(connection, [
      ...new Set([...queueOf.values(), ...others, ...(retryQueues ?? [])]),
    ]);
    const ready = (queue: string) => counts.get(queue)?.ready ?? 0;
    const sum = (queues: readonly string[]) => queues.reduce((total, queue) => total + ready(queue), 0);
    const consumers = Math.max(0, ...[...counts.values()].map((count) => count.consumers));
    const { tasks, allAnswered } = await census.ask(newId(), consumers, connected);
    return {
      ready: new Map([...queueOf].map(([user, queue]) => [user, ready(queue)])),
      shared: sum(others),
      retry: retryQueues === undefined ? null : sum(retryQueues),
      atWorkers: tasks,
      allAnswered,
    };
  } finally {
    census.close();
  }
}

/** Of whatever prefix; more than any where nobody can say. */
async function workersConnected(management: Management): Promise<number> {
  try {
    return (await management.workersConnected()) ?? Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Which there are only the management API knows; undefined where it does not answer. */
async function retryQueuesOf(management: Management, names: Names): Promise<string[] | undefined> {
  try {
    const queues = await management.queueNames();
    return queues.filter((queue) => delayOfQueue(names, queue) !== undefined);
  } catch {
    return undefined; // what events say of retries is taken for true then
  }
}
