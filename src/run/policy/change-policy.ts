import type { Connection } from '../../broker/connection/connection.js';
import { ROLL_CALL_MS } from '../../broker/control/control.js';
import type { Management } from '../../broker/management/management.js';
import { type LockedPolicy, withPolicyLock } from '../../broker/policy/policy-lock.js';
import { policyHistory } from '../../broker/policy/policy-stream.js';
import { ifAllowed, refusedError, usageError } from '../../core/errors/errors.js';
import { Policy } from '../../core/policy/policy.js';
import { changeText, differenceOf, rulesInForce } from '../../core/policy/policy-changes.js';
import {
  NO_POLICY,
  type PolicyDocument,
  type PolicyRule,
  type RuleOf,
} from '../../core/policy/policy-document.js';
import type { GrantQueueName, Names } from '../../core/queues/names.js';
import { promote, usersWithLimits } from '../units/promote.js';
import { type Agreement, agreement } from './agreement.js';
import { type BacklogChanges, BacklogLimits } from './backlog-limits.js';
import { PolicyWorkers } from './policy-workers.js';
import { grantsSet, removeAllGrants, type Stays, unneededGrants } from './unneeded-grants.js';

/** Whoever knows the policy writes it again where the stream was deleted; it is waited for so long. */
const RESTORED_WITHIN_MS = 12_000;
/** A worker that knows a revision says so within this time, where one is connected. */
const ASK_AGAIN_MS = 250;
/** So many queues of permits and tokens are deleted with a change; workers and `doctor --repair` delete the others. */
const MOST_REMOVED = 40;

export interface ChangeDeps {
  readonly connection: Connection;
  readonly management: Management;
  readonly names: Names;
  readonly newId: () => string;
  /** Milliseconds; it only grows. */
  readonly now: () => number;
  /** Milliseconds since the epoch. */
  readonly epochMs: () => number;
}

/** The rules as they are to be, and the change in words. */
export interface NextRules {
  readonly rules: readonly PolicyRule[];
  readonly what: string;
  /** Whom the change is for, though nothing may be different; undefined: those of whom something is. */
  readonly of?: RuleOf;
}

export interface ChangeOptions {
  readonly by: string;
  readonly reason: string | undefined;
  /** The revision that the operator has seen: the change is refused where another has come since. */
  readonly seen: number | undefined;
  readonly timeoutMs: number;
}

export interface ChangedPolicy {
  readonly before: PolicyDocument;
  /** The document that counts now: the one before where nothing is different. */
  readonly after: PolicyDocument;
  readonly isChanged: boolean;
  readonly backlog: BacklogChanges;
  readonly agreement: Agreement;
  /** Queues of permits and tokens that nobody needs any more, and that could not be deleted. */
  readonly grantsLeft: readonly Stays[];
}

interface WriteDeps extends ChangeDeps {
  readonly backlog: BacklogLimits;
}

interface Written {
  readonly before: PolicyDocument;
  readonly after: PolicyDocument;
  readonly of: RuleOf | undefined;
}

interface Made extends Written {
  readonly backlogChanges: BacklogChanges;
}

/**
 * Changes the policy: reads the newest document under the lock, writes the next one, makes the broker go by its backlog
 * limits before anybody else can change it again, and waits until every known worker goes by it.
 *
 * @param next what the rules are to be; undefined: they stay
 */
export async function changePolicy(
  deps: ChangeDeps,
  next: (before: PolicyDocument) => NextRules | undefined,
  options: ChangeOptions,
): Promise<ChangedPolicy> {
  const { connection, names, newId, now, management } = deps;
  const backlog = new BacklogLimits({ policies: management.policies, names, nowMs: deps.epochMs });
  const workers = await PolicyWorkers.open(connection, names, newId, now);
  try {
    workers.ask(0);
    const { before, after, of, backlogChanges } = await writeNext(
      { ...deps, backlog },
      workers,
      next,
      options,
    );
    // A limit of a user that shares a queue with others begins with a queue of its own.
    const named = usersWithLimits(after, deps.epochMs());
    const isNew = new Set(differenceOf(before, after).map(({ name }) => name));
    await promote(
      deps,
      named.filter((user) => isNew.has(user)),
    );
    const isOfTenants = of === 'tenant' || differenceOf(before, after).some((one) => one.of === 'tenant');
    const asked = { workers, management, names, now };
    const agreed = await agreement(asked, after.revision, options.timeoutMs, isOfTenants);
    return {
      before,
      after,
      isChanged: after.revision !== before.revision,
      backlog: backlogChanges,
      agreement: agreed,
      grantsLeft: agreed.late.length > 0 ? [] : await grantsLeft(deps, before, after),
    };
  } finally {
    workers.close();
  }
}

/** Workers delete the queues of what they kept. Nobody has kept it where no worker serves the user. */
async function grantsLeft(
  { connection, names, management, epochMs }: ChangeDeps,
  before: PolicyDocument,
  after: PolicyDocument,
): Promise<readonly Stays[]> {
  const isLess = differenceOf(before, after).some(
    ({ limit, after: is }) => (limit === 'cap' || limit === 'rate') && is === undefined,
  );
  if (!isLess) return [];
  const queues = (await ifAllowed(management.queueNames())) ?? [];
  const was = new Policy(before);
  const count = (queue: GrantQueueName) => grantsSet(was, queue, epochMs());
  const unneeded = unneededGrants(new Policy(after), names, queues, epochMs());
  const removable = unneeded.filter((queue) => count(queue) !== undefined).slice(0, MOST_REMOVED);
  const { stay } = await removeAllGrants({ connection, names, count }, removable);
  return stay.filter(({ isBeingSeenTo }) => !isBeingSeenTo);
}

async function writeNext(
  deps: WriteDeps,
  workers: PolicyWorkers,
  next: (before: PolicyDocument) => NextRules | undefined,
  options: ChangeOptions,
): Promise<Made> {
  const giveUpAt = deps.now() + RESTORED_WITHIN_MS;
  for (;;) {
    const written = await withPolicyLock(deps.connection, deps.names, async (policy) => {
      const newest = await newestOf(deps, workers, policy);
      if (newest === undefined) return undefined;
      const changed = await writeUnderLock(deps, policy, newest, next, options);
      return { ...changed, backlogChanges: await deps.backlog.agree(changed.before, changed.after) };
    });
    if (written !== undefined) return written;
    if (deps.now() > giveUpAt) throw notRestored(deps.names, workers);
    await workers.change(ASK_AGAIN_MS);
  }
}

/** Undefined where the stream was deleted, and a worker knows what was in it: that worker is to write it again first. */
async function newestOf(
  { management, names, now }: ChangeDeps,
  workers: PolicyWorkers,
  policy: LockedPolicy,
): Promise<PolicyDocument | undefined> {
  const newest = await policy.newest();
  if (typeof newest === 'object') return newest;
  // Nobody can know one where nobody but us hears what is said. The broker's list of connections would be seconds old.
  const hearing = await ifAllowed(management.boundQueues(names.controlExchange));
  const knows = () => workers.heard.some(({ revision = 0 }) => revision > 0);
  const others = hearing === undefined ? Number.POSITIVE_INFINITY : hearing.size - 1;
  const until = now() + ROLL_CALL_MS;
  while (!knows() && workers.heard.length < others && now() < until) await workers.change(until - now());
  return knows() ? undefined : NO_POLICY;
}

async function writeUnderLock(
  deps: WriteDeps,
  policy: LockedPolicy,
  before: PolicyDocument,
  next: (before: PolicyDocument) => NextRules | undefined,
  { by, reason, seen }: ChangeOptions,
): Promise<Written> {
  if (seen !== undefined && seen !== before.revision) throw await overtaken(deps, seen, before);
  const change = next(before);
  if (
    change === undefined ||
    differenceOf({ rules: rulesInForce(before.rules, deps.epochMs()) }, change).length === 0
  )
    return { before, after: before, of: change?.of };
  const after: PolicyDocument = {
    version: 1,
    revision: before.revision + 1,
    madeFrom: before.revision,
    at: deps.epochMs(),
    by,
    what: change.what,
    ...(reason !== undefined && { reason }),
    rules: change.rules,
  };
  await deps.backlog.check(before, after);
  await policy.append(after);
  return { before, after, of: change.of };
}

async function overtaken({ connection, names }: ChangeDeps, seen: number, newest: PolicyDocument) {
  if (seen > newest.revision) {
    return usageError(
      'POLICY_OVERTAKEN',
      `the policy is at revision ${newest.revision}, and there is no revision ${seen} yet; nothing was changed`,
      { hint: 'See "fairq policy history". Another --prefix or --vhost has a policy of its own.' },
    );
  }
  const was = (await policyHistory(connection, names)).find(({ revision }) => revision === seen);
  const changes = was === undefined ? [] : differenceOf(was, newest).map(changeText);
  const what = changes.length > 0 ? changes.join('; ') : newest.what;
  return usageError(
    'POLICY_OVERTAKEN',
    `the policy is at revision ${newest.revision} and not at ${seen}: ${newest.by} has changed it meanwhile (${what}); nothing was changed`,
    {
      hint: `Look at it with "fairq policy list", and say --revision ${newest.revision} where the change is still right.`,
    },
  );
}

function notRestored({ policyStream }: Names, workers: PolicyWorkers) {
  const revision = Math.max(...workers.heard.map(({ revision = 0 }) => revision));
  return refusedError(
    'POLICY_LOST',
    `the stream "${policyStream}" is gone or empty, workers go by revision ${revision}, and none has written it again; nothing was changed`,
    { hint: `Workers need the right to configure and write "${policyStream}"; see what they warn of.` },
  );
}
