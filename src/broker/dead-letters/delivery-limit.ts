import type { QueueDefinition } from '../management/broker-figures.js';

/** What a quorum queue has from 4.0 on where nobody has said anything. */
const DEFAULT_LIMIT = 20;

/**
 * After how many deliveries a queue drops a task, reckoned as the broker does from argument and policy; undefined for
 * never. Before 4.0 there is no limit unless it is set, and one of -1 drops a task at its first return.
 */
export function deliveryLimitOf(
  { type, arguments: args, policy }: Pick<QueueDefinition, 'type' | 'arguments' | 'policy'>,
  brokerVersion: string,
): number | undefined {
  if (type !== 'quorum') return undefined;
  const set = [args['x-delivery-limit'], policy['delivery-limit']].filter(
    (limit): limit is number => typeof limit === 'number',
  );
  if (Number.parseInt(brokerVersion, 10) < 4) return set.length === 0 ? undefined : Math.min(...set);
  if (set.length === 0) return DEFAULT_LIMIT;
  // A limit beats the -1 that means none, from whichever side it comes.
  const limit = set.some((one) => one < 0) ? Math.max(...set) : Math.min(...set);
  return limit < 0 ? undefined : limit;
}

/** Whether a task that a consumer gives back comes nearer to the limit; from 4.3 only one whose consumer was lost does. */
export function countsReturns(brokerVersion: string): boolean {
  const [major = 0, minor = 0] = brokerVersion.split('.').map(Number);
  return major < 4 || (major === 4 && minor < 3);
}
