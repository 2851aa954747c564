import type { QueueDefinition } from '../../broker/management/broker-figures.js';
import { countQueues } from '../../broker/queues/queue-counts.js';
import { QueueProbe } from '../../broker/queues/queue-probe.js';
import { SINGLE_ACTIVE_CONSUMER } from '../../broker/queues/topology.js';
import { FairqError } from '../../core/errors/errors.js';
import type { QueueFacts } from '../../core/explain/facts.js';
import type { Silent } from '../../core/explain/reason.js';
import { ruleOfPolicy } from '../../core/policy/backlog/backlog-policies.js';
import { ownQueue } from '../../core/queues/names.js';
import type { QueueDetails } from '../../core/reports/queue-report.js';
import { silentWorkers } from '../queues/silent-workers.js';
import type { WhyAsked } from './asking.js';
import type { ExplainDeps } from './explain-deps.js';

/** What the broker says of a queue; what it does not say goes to `unknown`. */
export interface FoundQueue {
  /** Undefined where the queue is not there, or is down. */
  readonly queue: QueueFacts | undefined;
  /** It is there and does not answer. */
  readonly down: boolean;
  readonly details: QueueDetails | undefined;
}

export async function findQueue(
  { connection, management, names }: ExplainDeps,
  name: string,
  unknown: string[],
): Promise<FoundQueue> {
  const isOwn = ownQueue(names, name) !== undefined;
  const [counts, details, definition, bound] = await Promise.all([
    countQueues(connection, [name]),
    orUnknown(management.queueDetails(name), unknown, 'what the broker lists of the queue'),
    orUnknown(management.queueDefinition(name), unknown, 'limits of the queue'),
    isOwn
      ? orUnknown(management.boundQueues(names.taskExchange), unknown, 'whether publishers reach the queue')
      : undefined,
  ]);
  const counted = counts.get(name);
  const says = counted !== undefined && counted.ready > 0;
  const answers =
    says || (await orUnknown(new QueueProbe(connection).answers(name), unknown, 'whether the queue is down'));
  if (answers === false) return { queue: undefined, details, down: true };
  if (counted === undefined) return { queue: undefined, details, down: false };
  const maxLength = definition && longest(definition);
  const backlogRule = definition && ruleOfPolicy(names, definition.policyName ?? '');
  const queue = {
    name,
    ...counted,
    ...(details !== undefined && { unacknowledged: details.unacknowledged }),
    ...(bound !== undefined && { bound: bound.has(name) }),
    ...(definition !== undefined && { ordered: definition.arguments[SINGLE_ACTIVE_CONSUMER] === true }),
    ...(maxLength !== undefined && { maxLength }),
    ...(backlogRule !== undefined && { backlogRule }),
  };
  return { queue, details, down: false };
}

/** Workers that consume the queue, by the broker's word, and have not answered. */
export async function findSilent(
  { management }: ExplainDeps,
  { queue, details }: FoundQueue,
  asked: WhyAsked,
  nowMs: number,
): Promise<Silent[]> {
  if (queue === undefined || details === undefined || asked === undefined) return [];
  const clients = await orUnknown(management.clientNames(), [], '');
  const heard = asked.answers.map(({ name, slots, busy }) => ({ name, slots, idle: slots - busy }));
  const others = asked.answers.flatMap(({ silent }) => silent);
  return silentWorkers(details, clients, heard, queue.consumers).map(({ name }) => {
    const times = others.flatMap((peer) => (peer.name === name ? peer.forMs : []));
    return times.length === 0
      ? { worker: name }
      : { worker: name, since: Math.round(nowMs - Math.min(...times)) };
  });
}

/** What a failure keeps from being known is said, and keeps nothing else from it. */
export async function orUnknown<T>(
  answer: Promise<T>,
  unknown: string[],
  what: string,
): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof FairqError)) throw error;
    unknown.push(`${what} (${error.message})`);
    return undefined;
  }
}

function longest({ arguments: own, policy }: QueueDefinition): number | undefined {
  const lengths = [own['x-max-length'], policy['max-length']].filter((one) => typeof one === 'number');
  return lengths.length === 0 ? undefined : Math.min(...lengths);
}
