import { HASH_PLUGIN } from '../../broker/units/hash-exchange.js';
import { refusedError } from '../../core/errors/errors.js';
import type { Names } from '../../core/queues/names.js';
import { type Units, unitsText } from '../../core/queues/units.js';
import { some } from '../../core/reports/finding.js';
import type { UnitsReport } from '../../core/reports/set-up-units-report.js';

/** One thing to be done, in the order in which they are. */
export type UnitsStep =
  | { readonly kind: 'spread'; readonly count: number }
  | { readonly kind: 'task-exchange' }
  | { readonly kind: 'policy' }
  | { readonly kind: 'unbind'; readonly count: number }
  | { readonly kind: 'remove-policy'; readonly policy: string }
  | { readonly kind: 'remove-exchange' };

/**
 * What turns what is set up into what is asked for; nothing where it is so already.
 *
 * @throws FairqError (refused) where the plugin is off, or somebody else's alternate exchange is in the way
 */
export function unitsPlan(now: UnitsReport, asked: Units, names: Names): UnitsStep[] {
  return asked.kind === 'user' ? toUser(now, names) : toShared(now, asked.count, names);
}

function toShared(now: UnitsReport, count: number, names: Names): UnitsStep[] {
  if (!now.plugin) {
    throw refusedError('PLUGIN_OFF', `the broker's plugin ${HASH_PLUGIN} is off; nothing was changed`, {
      hint: `It comes with RabbitMQ: rabbitmq-plugins enable ${HASH_PLUGIN}, on each node of a cluster.`,
    });
  }
  const { alternate } = now;
  if (alternate !== null && !alternate.isOurs) throw foreignAlternate(now, names);
  const wanted = now.spread.find((one) => one.count === count);
  const steps: UnitsStep[] = [];
  if (!now.exchange || wanted?.bound !== count) steps.push({ kind: 'spread', count });
  if (!now.taskExchange) steps.push({ kind: 'task-exchange' });
  else if (alternate === null) steps.push({ kind: 'policy' });
  for (const other of now.spread) {
    if (other.count !== count && other.bound > 0) steps.push({ kind: 'unbind', count: other.count });
  }
  return steps;
}

function toUser(now: UnitsReport, names: Names): UnitsStep[] {
  const steps: UnitsStep[] = [];
  const { alternate } = now;
  if (alternate?.isOurs === true && alternate.policy === spreadPolicyName(names)) {
    steps.push({ kind: 'remove-policy', policy: alternate.policy });
  }
  if (now.exchange) steps.push({ kind: 'remove-exchange' });
  return steps;
}

/** What RabbitMQ's own policy is called that gives the exchange for tasks its alternate one. */
export function spreadPolicyName({ spreadExchange }: Names): string {
  return spreadExchange;
}

/** Each step as a sentence. */
export function stepText(step: UnitsStep, now: UnitsReport, names: Names): string {
  const { taskExchange, spreadExchange, spreadQueuePrefix } = names;
  switch (step.kind) {
    case 'spread': {
      const missing = now.spread.find(({ count }) => count === step.count)?.missing ?? [];
      if (now.exchange && missing.length > 0)
        return `Make ${some(missing)} again, and bind all ${step.count} queues to "${spreadExchange}".`;
      return `Make the exchange "${spreadExchange}" and ${step.count} queues, ${spreadQueuePrefix}${step.count}.0 to ${step.count - 1}, and bind them.`;
    }
    case 'task-exchange':
      return `Make the exchange "${taskExchange}", with "${spreadExchange}" as its alternate exchange.`;
    case 'policy':
      return `Put the RabbitMQ policy "${spreadPolicyName(names)}": the exchange "${taskExchange}" gets the alternate exchange "${spreadExchange}".`;
    case 'unbind':
      return `Unbind the ${step.count} queues of ${unitsText({ kind: 'shared', count: step.count })}. Workers empty them, and "fairq queues prune" deletes them then.`;
    case 'remove-policy':
      return `Remove the RabbitMQ policy "${step.policy}".`;
    case 'remove-exchange':
      return `Delete the exchange "${spreadExchange}". Workers empty the queues that were shared, and each new user gets a queue${
        now.alternate?.by === 'argument'
          ? `. The exchange "${taskExchange}" goes on naming it, which does nothing`
          : ''
      }.`;
  }
}

function foreignAlternate({ alternate }: UnitsReport, { taskExchange }: Names): Error {
  const whose = alternate?.policy == null ? 'its own argument' : `the RabbitMQ policy "${alternate.policy}"`;
  return refusedError(
    'ALTERNATE_EXCHANGE',
    `the exchange "${taskExchange}" has another alternate exchange, "${alternate?.exchange ?? 'unknown'}", by ${whose}; nothing was changed`,
    {
      hint:
        alternate?.by === 'policy'
          ? `Let the policy leave "${taskExchange}" out.`
          : `An argument stays for as long as the exchange: use another --prefix, or delete the exchange when nobody publishes.`,
    },
  );
}
