import { decodeText, encodeText, type Names } from '../../queues/names.js';
import { exactness, glob } from '../../values/glob.js';
import { holds } from '../policy.js';
import type { PolicyDocument, PolicyRule } from '../policy-document.js';
import { isSamePolicy, type RabbitPolicy } from './rabbit-policy.js';
import { alsoMatching, userQueuePattern } from './user-queue-pattern.js';

const OURS = 'fairq-backlog-';
/** What else a policy may be for cannot be a queue of a user. */
const FOR_QUEUES = new Set(['queues', 'all', 'classic_queues', 'quorum_queues']);

/** A policy of fairq's, and whose settings it has taken over. */
export interface BacklogPolicy extends RabbitPolicy {
  readonly rule: PolicyRule;
  /** Of somebody else, which would count for these queues; undefined where none would. */
  readonly over: RabbitPolicy | undefined;
}

/** What has to be done so that RabbitMQ goes by the backlog limits of a document. */
export interface BacklogPlan {
  /** How many policies there are then. */
  readonly needed: number;
  /** In this order. */
  readonly put: readonly BacklogPolicy[];
  /** Then these. */
  readonly remove: readonly RabbitPolicy[];
}

/**
 * Which policies RabbitMQ needs for the backlog limits of a document, compared with those that it has. Only one policy
 * counts for a queue. So each of fairq's has the settings of the one that would count without it, and there is one for
 * each of these. The smaller maximum counts.
 *
 * @param present all policies of the vhost
 * @param now milliseconds since the epoch
 */
export function backlogPlan(
  names: Names,
  document: PolicyDocument,
  present: readonly RabbitPolicy[],
  now: number,
): BacklogPlan {
  const wanted = wantedPolicies(names, document, present, now);
  const ours = new Map(present.filter(({ name }) => isOurs(names, name)).map((one) => [one.name, one]));
  const put = wanted.filter((one) => {
    const there = ours.get(one.name);
    return there === undefined || !isSamePolicy(one, there);
  });
  const isWanted = new Set(wanted.map(({ name }) => name));
  return { needed: wanted.length, put, remove: [...ours.values()].filter(({ name }) => !isWanted.has(name)) };
}

/** Rules whose backlog limit has ended, and RabbitMQ still goes by it. @param now milliseconds since the epoch */
export function endedInForce(
  names: Names,
  document: PolicyDocument,
  present: readonly RabbitPolicy[],
  now: number,
): PolicyRule[] {
  const left = new Set(
    backlogPlan(names, document, present, now).remove.map(({ name }) => ruleOfPolicy(names, name)),
  );
  return document.rules.filter(
    ({ of, name, limits: { backlog } }) =>
      of === 'user' && backlog !== undefined && !holds(backlog, now) && left.has(name),
  );
}

/** The name of the rule whose backlog limit a policy of RabbitMQ's is; undefined where it is none. */
export function ruleOfPolicy(names: Names, policyName: string): string | undefined {
  if (!isOurs(names, policyName)) return undefined;
  const [rule = ''] = policyName.slice(startOf(names).length).split('/', 1);
  return decodeText(rule);
}

/** The policy whose settings one of fairq's has taken over; undefined where it has none of another's. */
export function othersOfPolicy(names: Names, policyName: string): string | undefined {
  if (!isOurs(names, policyName)) return undefined;
  const [, other] = policyName.slice(startOf(names).length).split('/');
  return other === undefined ? undefined : decodeText(other);
}

/** Rules with a backlog limit that has not ended, most exact first. Names are level: no two of them mean the same user. */
function rulesByLevel({ rules }: PolicyDocument, now: number): PolicyRule[][] {
  const limited = rules.filter(({ of, limits }) => of === 'user' && holds(limits.backlog, now));
  const isName = ({ name }: PolicyRule) => glob(name).literalStart === name;
  const globs = limited.filter((rule) => !isName(rule));
  globs.sort((a, b) => exactness(glob(b.name)) - exactness(glob(a.name)));
  const exact = limited.filter(isName);
  return [...(exact.length > 0 ? [exact] : []), ...globs.map((rule) => [rule])];
}

function wantedPolicies(
  names: Names,
  document: PolicyDocument,
  present: readonly RabbitPolicy[],
  now: number,
): BacklogPolicy[] {
  const others = present.filter(({ name, applyTo }) => !name.startsWith(OURS) && FOR_QUEUES.has(applyTo));
  others.sort((a, b) => b.priority - a.priority || (a.name < b.name ? -1 : 1));
  const levels = rulesByLevel(document, now);
  // The last place is for queues that no other policy is for.
  const places = [...others, undefined];
  let priority = Math.max(0, ...others.map((other) => other.priority)) + levels.length * places.length;
  return levels.flatMap((rules) =>
    places.flatMap((over) => {
      const level = priority--;
      return rules.map((rule) => backlogPolicy(names, rule, over, level));
    }),
  );
}

function backlogPolicy(
  names: Names,
  rule: PolicyRule,
  over: RabbitPolicy | undefined,
  priority: number,
): BacklogPolicy {
  const most = rule.limits.backlog!.value;
  const theirs = over?.definition['max-length'];
  const pattern = userQueuePattern(names, rule.name);
  return {
    name: `${startOf(names)}${encodeText(rule.name)}${over === undefined ? '' : `/${encodeText(over.name)}`}`,
    pattern: over === undefined ? pattern : alsoMatching(pattern, over.pattern),
    applyTo: over === undefined || over.applyTo === 'all' ? 'queues' : over.applyTo,
    priority,
    definition: {
      ...over?.definition,
      'max-length': typeof theirs === 'number' ? Math.min(most, theirs) : most,
      overflow: 'reject-publish',
    },
    rule,
    over,
  };
}

function isOurs(names: Names, name: string): boolean {
  return name.startsWith(startOf(names));
}

/** No prefix has a slash in it: one prefix's policies are not taken for another's. */
function startOf({ prefix }: Names): string {
  return `${OURS}${prefix}/`;
}
