import type { Management } from '../../broker/management/management.js';
import { ifAllowed } from '../../core/errors/errors.js';
import { differenceOf, type RuleName } from '../../core/policy/policy-changes.js';
import { type Names, ownQueue } from '../../core/queues/names.js';
import { glob } from '../../core/values/glob.js';
import type { ChangedPolicy } from './change-policy.js';

/** What whoever changes the policy should know beside what has become of it. */
export async function changeWarnings(
  management: Pick<Management, 'queueNames'>,
  names: Names,
  changed: ChangedPolicy,
): Promise<string[]> {
  const { notTidied } = changed.backlog;
  return [
    ...(await whoIsNotThere(management, names, changed)),
    ...(notTidied === undefined
      ? []
      : [`RabbitMQ's policies for backlog limits were not tidied up: ${notTidied}`]),
    ...changed.grantsLeft.map(
      ({ queue, why }) =>
        `"${queue}" is not needed any more, and stays: ${why}; "fairq doctor --repair" deletes it later`,
    ),
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
