import type { QueueDefinition } from '../management/broker-figures.js';

/** The smaller of argument and policy is in force. */
export function least({ arguments: args, policy }: QueueDefinition, key: string): number | undefined {
  const values = [args[`x-${key}`], policy[key]].filter(
    (value): value is number => typeof value === 'number',
  );
  return values.length === 0 ? undefined : Math.min(...values);
}

/** Of two overflows a classic queue goes by its argument, and a quorum queue by the policy. */
export function refusesWhenFull({ type, arguments: args, policy }: QueueDefinition): boolean {
  const [argument, byPolicy] = [args['x-overflow'], policy.overflow];
  const overflow = type === 'quorum' ? (byPolicy ?? argument) : (argument ?? byPolicy);
  return overflow === 'reject-publish' || (overflow === 'reject-publish-dlx' && type !== 'quorum');
}
