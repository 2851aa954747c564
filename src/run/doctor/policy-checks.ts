import { type BacklogPolicy, backlogPlan } from '../../core/policy/backlog/backlog-policies.js';
import { hasTenants, Policy } from '../../core/policy/policy.js';
import type { PolicyDocument } from '../../core/policy/policy-document.js';
import type { Names } from '../../core/queues/names.js';
import { counted, type Finding, ok, some, unknown, warning } from '../../core/reports/finding.js';
import { beatenLimits } from '../policy/limits-beaten.js';
import type { AmqpFacts, ManagementFacts } from './facts.js';

const CHECK = 'backlog limits';
const MOST_NAMED = 3;

/**
 * RabbitMQ's policies for backlog limits, against what is set.
 *
 * @param nowMs milliseconds since the epoch
 */
export function backlogLimits(
  document: PolicyDocument,
  { policies, definitions }: Pick<ManagementFacts, 'policies' | 'definitions'>,
  names: Names,
  nowMs: number,
): Finding {
  if (policies === undefined) {
    return unknown(CHECK, "this user may not see RabbitMQ's policies", 'Give the user the "management" tag.');
  }
  const isGone = document.revision === 0;
  const { needed, put, remove } = backlogPlan(names, document, policies, nowMs);
  if (remove.length > 0) {
    return warning(
      CHECK,
      `RabbitMQ still goes by limits that have ended or were taken back: ${some(remove.map(({ name }) => name))}`,
      isGone
        ? `There is no policy any more. To remove one: rabbitmqctl clear_policy -p VHOST '${remove[0]!.name}'.`
        : 'A worker or "fairq serve" removes what has ended, where its user has the tag "policymaker". To have it done now: fairq doctor --repair.',
    );
  }
  if (put.length > 0) return warning(CHECK, differs(put), 'To put it right: fairq doctor --repair.');
  const beaten = beatenLimits(new Policy(document), definitions, names, nowMs);
  if (beaten.length > 0) {
    const more = beaten.length > MOST_NAMED ? `; and ${beaten.length - MOST_NAMED} more` : '';
    return warning(
      CHECK,
      `${beaten.slice(0, MOST_NAMED).join('; ')}${more}`,
      'The smaller maximum counts: change the other limit, or set the backlog limit to what it says.',
    );
  }
  return ok(CHECK, needed === 0 ? 'none is set' : 'RabbitMQ goes by all of them');
}

/**
 * Workers that do not go by what is set.
 *
 * @param nowMs milliseconds since the epoch
 */
export function goesByPolicy(
  document: PolicyDocument,
  { workers }: Pick<AmqpFacts, 'workers'>,
  nowMs: number,
): Finding {
  const { revision } = document;
  if (revision === 0) return ok('policy', 'nothing has been set');
  const behind = workers.filter(({ policy = -1 }) => policy < revision);
  const untaught = hasTenants(document, nowMs) ? workers.filter(({ tenants }) => tenants !== true) : [];
  if (behind.length === 0 && untaught.length > 0) {
    return warning(
      'policy',
      `what is set for tenants counts for nothing at ${counted(untaught.length, 'worker')}: ${some(untaught.map(({ name }) => name))}`,
      'They do not know whom users belong to: start them with --tenant-of.',
    );
  }
  if (behind.length === 0) return ok('policy', `every worker that was heard goes by revision ${revision}`);
  const older = behind.filter(({ policy }) => policy === undefined).map(({ name }) => name);
  if (older.length > 0) {
    return warning(
      'policy',
      `${counted(older.length, 'worker')} of an older fairq, which knows no policy: ${some(older)}`,
      'What is set does not count there: end them, and start them with this version.',
    );
  }
  return warning(
    'policy',
    `${counted(behind.length, 'worker')} not at revision ${revision} of the policy yet: ${some(behind.map(({ name }) => name))}`,
    'Run it again. A worker that stays behind cannot read the policy: its log says why.',
  );
}

/** Other policies have changed since, or somebody has changed or removed fairq's. */
function differs(put: readonly BacklogPolicy[]): string {
  const others = [...new Set(put.flatMap(({ over }) => (over === undefined ? [] : [over.name])))];
  const since =
    others.length === 0
      ? ''
      : `; RabbitMQ policies for the same queues may have changed since: ${some(others)}`;
  return `RabbitMQ's policies for backlog limits are not as they should be: ${some(put.map(({ name }) => name))}${since}`;
}
