import type { Connection } from '../../broker/connection/connection.js';
import type { Management } from '../../broker/management/management.js';
import { countQueues } from '../../broker/queues/queue-counts.js';
import { QueueProbe } from '../../broker/queues/queue-probe.js';
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

/**
 * Which queues do not answer: of those that may have tasks of these users, which were found nowhere. A quorum queue that has
 * lost most of its nodes says that it is empty, so each is asked for a task.
 *
 * @returns the queues, and those of the users who may have tasks in one of them
 */
export async function findQueuesThatAreDown(
  { connection, names, management }: FindTasksDeps,
  users: readonly string[],
  others: readonly string[],
): Promise<{ queues: readonly string[]; hidden: ReadonlySet<string> }> {
  const probe = new QueueProbe(connection);
  const those = async (queues: readonly string[]) => {
    const answers = await Promise.all(queues.map((queue) => probe.answers(queue)));
    return queues.filter((_, at) => !answers[at]);
  };
  const queueOf = (user: string) => userQueueOf(names, user);
  const retryQueues = (await retryQueuesOf(management, names)) ?? [];
  const [own, shared] = await Promise.all([
    those([...new Set(users.map(queueOf))]),
    those([...new Set([...others, ...retryQueues])]),
  ]);
  const down = new Set(own);
  const hidden = shared.length > 0 ? users : users.filter((user) => down.has(queueOf(user)));
  return { queues: [...own, ...shared], hidden: new Set(hidden) };
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
