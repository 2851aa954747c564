import type { Management } from '../../broker/management/management.js';
import type { RabbitPolicies } from '../../broker/management/rabbit-policies.js';
import { ifAllowed } from '../../core/errors/errors.js';
import { Policy } from '../../core/policy/policy.js';
import { differenceOf, type RuleName } from '../../core/policy/policy-changes.js';
import { type Names, ownQueue } from '../../core/queues/names.js';
import { glob } from '../../core/values/glob.js';
import type { ChangedPolicy } from './change-policy.js';
import { limitsBeside } from './limits-beaten.js';

const MOST_NAMED = 3;

interface Asked {
  queueNames(): Promise<string[]>;
  readonly policies: Pick<RabbitPolicies, 'list' | 'listOfOperators'>;
}

/** What whoever changes the policy should know beside what has become of it. */
export async function changeWarnings(
  management: Pick<Management, 'queueNames' | 'policies'>,
  names: Names,
  changed: ChangedPolicy,
): Promise<string[]> {
  const { notTidied } = changed.backlog;
  return [
    ...(await whoIsNotThere(management, names, changed)),
    ...(notTidied === undefined
      ? []
      : [`RabbitMQ's policies for backlog limits were not tidied up: ${notTidied}`]),
    ...(await whoIsBeaten(
      { queueNames: () => management.queueNames(), policies: management.policies },
      names,
      changed,
    )),
    ...changed.grantsLeft.map(
      ({ queue, why }) =>
        `"${queue}" is not needed any more, and stays: ${why}; "fairq doctor --repair" deletes it later`,
    ),
  ];
}

/** Queues where somebody else's limit counts, and not the one that was set. */
async function whoIsBeaten(
  { queueNames, policies }: Asked,
  names: Names,
  { before, after }: Pick<ChangedPolicy, 'before' | 'after'>,
): Promise<string[]> {
  const set = differenceOf(before, after).filter((one) => one.limit === 'backlog' && one.after !== undefined);
  if (set.length === 0) return [];
  const operators = (await ifAllowed(policies.listOfOperators())) ?? [];
  const others = (await ifAllowed(policies.list())) ?? [];
  const queues = (await ifAllowed(queueNames())) ?? [];
  const about = { policy: new Policy(after), rules: new Set(set.map(({ name }) => name)), now: after.at };
  const beaten = limitsBeside(about, { operators, others }, queues, names);
  const more = beaten.length - MOST_NAMED;
  return [
    ...beaten.slice(0, MOST_NAMED),
    ...(more > 0 ? [`${more} more queues do not go by the limit; "fairq doctor" names some`] : []),
  ];
}

/** Where a rule that was set matches no queue: a name may be misspelt, or its users share queues. */
async function whoIsNotThere(
  management: Pick<Management, 'queueNames'>,
  names: Names,
  { before, after, isChanged }: Pick<ChangedPolicy, 'before' | 'after' | 'isChanged'>,
): Promise<string[]> {
  if (!isChanged) return [];
  const set = differenceOf(before, after).filter(({ of, after }) => of === 'user' && after !== undefined);
  const rules = [...new Map(set.map((rule): [string, RuleName] => [rule.name, rule])).values()];
  if (rules.length === 0) return [];
  const queues = await ifAllowed(management.queueNames());
  if (queues === undefined) return [];
  const kinds = queues.map((queue) => ({ queue, own: ownQueue(names, queue) }));
  const hasGroups = kinds.some(({ own }) => own?.kind === 'group');
  const groups = hasGroups
    ? '; of users who share a queue the name of their group counts, and not their own'
    : '';
  return rules.flatMap(({ name }) => {
    const pattern = glob(name);
    // Of a queue that belongs to no user its name counts as its user.
    if (kinds.some(({ queue, own }) => pattern.matches(own?.name ?? queue))) return [];
    return [
      `no queue is there whose user matches ${JSON.stringify(name)}${groups}; the rule counts once there is one`,
    ];
  });
}
