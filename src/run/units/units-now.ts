import type { Management } from '../../broker/management/management.js';
import { PROMOTED } from '../../broker/queues/topology.js';
import { HASH_EXCHANGE } from '../../broker/units/hash-exchange.js';
import { type Names, ownQueue, spreadQueue } from '../../core/queues/names.js';
import { countInForce, spreadQueues } from '../../core/queues/units.js';
import type { ListedQueue } from '../../core/reports/queue-report.js';
import type {
  AlternateReport,
  SpreadQueuesReport,
  UnitsReport,
} from '../../core/reports/set-up-units-report.js';

/** What is set up, and what is left of what was. */
export async function unitsNow(management: Management, names: Names): Promise<UnitsReport> {
  const [types, exchanges, queues, promoted] = await Promise.all([
    management.knownExchangeTypes(),
    management.exchangeTypes(),
    management.queues(),
    management.queuesWithArgument(PROMOTED),
  ]);
  const exchange = exchanges.has(names.spreadExchange);
  const taskExchange = exchanges.has(names.taskExchange);
  const bound = exchange ? await management.boundQueues(names.spreadExchange) : new Set<string>();
  const alternate = taskExchange ? await alternateOf(management, names) : null;
  const spread = spreadQueuesOf(queues, names, bound);
  const inForce = countInForce(names, bound);
  const isShared = exchange && inForce !== undefined && alternate?.isOurs === true;
  const isOwn = (name: string) => ownQueue(names, name)?.kind === 'user';
  return {
    units: isShared ? `shared:${inForce}` : 'user',
    plugin: types.includes(HASH_EXCHANGE),
    exchange,
    taskExchange,
    alternate,
    spread,
    promoted: [...promoted.keys()].filter(isOwn).length,
    userQueues: queues.filter(({ name }) => isOwn(name)).length,
  };
}

async function alternateOf(management: Management, names: Names): Promise<AlternateReport | null> {
  const found = await management.alternateExchange(names.taskExchange);
  if (found === undefined) return null;
  const { policy = null, name = null } = found;
  const by = policy === null ? 'argument' : 'policy';
  return { by, policy, exchange: name, isOurs: name === names.spreadExchange };
}

function spreadQueuesOf(
  queues: readonly ListedQueue[],
  names: Names,
  bound: ReadonlySet<string>,
): SpreadQueuesReport[] {
  const there = new Set(queues.map(({ name }) => name));
  const inForce = countInForce(names, bound);
  // Of a number that is in force no longer some may have been pruned.
  const missingOf = (count: number) =>
    count === inForce ? spreadQueues(names, count).filter((name) => !there.has(name)) : [];
  const byCount = new Map<number, SpreadQueuesReport>();
  for (const { name, ready, unacknowledged, consumers } of queues) {
    const count = spreadQueue(names, name)?.count;
    if (count === undefined) continue;
    const before = byCount.get(count) ?? { count, ...NONE, missing: missingOf(count) };
    byCount.set(count, {
      count,
      there: before.there + 1,
      missing: before.missing,
      bound: before.bound + (bound.has(name) ? 1 : 0),
      ready: before.ready + ready,
      unacknowledged: before.unacknowledged + unacknowledged,
      unconsumed: before.unconsumed + (consumers === 0 ? 1 : 0),
    });
  }
  return [...byCount.values()].sort((a, b) => b.bound - a.bound || a.count - b.count);
}

const NONE = { there: 0, bound: 0, ready: 0, unacknowledged: 0, unconsumed: 0 };
