import type { QueueDefinition } from '../../broker/management/broker-figures.js';
import { least, refusesWhenFull } from '../../broker/queues/effective-limits.js';
import { othersOfPolicy, ruleOfPolicy } from '../../core/policy/backlog/backlog-policies.js';
import type { RabbitPolicy } from '../../core/policy/backlog/rabbit-policy.js';
import type { Policy } from '../../core/policy/policy.js';
import { type Names, ownQueue, userQueueOf } from '../../core/queues/names.js';

/**
 * Queues that somebody else has limited beside a backlog limit, in words: the broker goes by the smaller maximum, and a classic
 * queue by its own overflow.
 *
 * @param queues as the broker has them, up to 5 s ago
 * @param now milliseconds since the epoch
 */
export function beatenLimits(
  policy: Policy,
  queues: readonly QueueDefinition[],
  names: Names,
  now: number,
): string[] {
  return queues.flatMap((queue): string[] => {
    const own = ownQueue(names, queue.name);
    const limit = own?.kind === 'user' ? policy.forUser(own.name, now).backlog : undefined;
    const most = least(queue, 'max-length');
    // A limit that was set a moment ago does not show yet.
    if (limit === undefined || most === undefined || most > limit.value) return [];
    if (most < limit.value) {
      const by = sayers(queue, names, most);
      return by.length === 0 ? [] : [takes(queue.name, most, limit.value, by)];
    }
    if (refusesWhenFull(queue)) return [];
    const name = JSON.stringify(queue.name);
    return [
      `${name} drops its oldest tasks at ${count(most)} and refuses none, by the overflow of its arguments`,
    ];
  });
}

/**
 * The same of a limit that was set just now, reckoned from the policies that there are.
 *
 * @param rules names of those with a new limit
 * @param queues names of those that are there
 */
export function limitsBeside(
  {
    policy,
    rules,
    now,
  }: { readonly policy: Policy; readonly rules: ReadonlySet<string>; readonly now: number },
  {
    operators,
    others,
  }: { readonly operators: readonly RabbitPolicy[]; readonly others: readonly RabbitPolicy[] },
  queues: readonly string[],
  names: Names,
): string[] {
  const theirs = others.filter(({ name }) => ruleOfPolicy(names, name) === undefined);
  const toCome = [...rules].filter((name) => !/[*?]/.test(name)).map((name) => userQueueOf(names, name));
  return [...new Set([...queues, ...toCome])].flatMap((queue) => {
    const own = ownQueue(names, queue);
    const limit = own?.kind === 'user' ? policy.forUser(own.name, now).backlog : undefined;
    if (limit === undefined || !rules.has(limit.rule.name)) return [];
    const beside = [
      { kind: 'the operator policy', one: counting(operators, queue) },
      { kind: 'the policy', one: counting(theirs, queue) },
    ].flatMap(({ kind, one }) => {
      const most = one?.definition['max-length'];
      if (one === undefined || typeof most !== 'number' || most >= limit.value) return [];
      return [{ most, by: `${kind} ${JSON.stringify(one.name)}` }];
    });
    if (beside.length === 0) return [];
    const most = Math.min(...beside.map((one) => one.most));
    const by = beside.filter((one) => one.most === most).map((one) => one.by);
    return [takes(queue, most, limit.value, by)];
  });
}

/** Of those that match a queue the one with the highest priority counts. */
function counting(policies: readonly RabbitPolicy[], queue: string): RabbitPolicy | undefined {
  return policies
    .filter(({ applyTo, pattern }) => ['queues', 'all'].includes(applyTo) && matches(pattern, queue))
    .reduce<RabbitPolicy | undefined>(
      (first, one) => (first === undefined || one.priority > first.priority ? one : first),
      undefined,
    );
}

/** RabbitMQ's regular expressions are those of PCRE: where one is none here, doctor sees what comes of it. */
function matches(pattern: string, queue: string): boolean {
  try {
    return new RegExp(pattern).test(queue);
  } catch {
    return false;
  }
}

function sayers(
  { arguments: args, policy, policyName, operatorPolicy }: QueueDefinition,
  names: Names,
  most: number,
): string[] {
  if (policy['max-length'] !== most && args['x-max-length'] === most) return ['its arguments'];
  const over = policyName === undefined ? undefined : othersOfPolicy(names, policyName);
  return [
    ...(operatorPolicy === undefined ? [] : [`the operator policy ${JSON.stringify(operatorPolicy)}`]),
    ...(over === undefined ? [] : [`the policy ${JSON.stringify(over)}`]),
  ];
}

function takes(queue: string, most: number, set: number, by: readonly string[]): string {
  return `${JSON.stringify(queue)} takes ${count(most)} tasks and not ${count(set)}, by ${by.join(' or ')}`;
}

function count(tasks: number): string {
  return tasks.toLocaleString('en-US');
}
