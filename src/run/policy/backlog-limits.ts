import type { RabbitPolicies } from '../../broker/management/rabbit-policies.js';
import { messageOf, partialError, usageError } from '../../core/errors/errors.js';
import { type BacklogPlan, backlogPlan } from '../../core/policy/backlog/backlog-policies.js';
import type { PolicyDocument } from '../../core/policy/policy-document.js';
import type { Names } from '../../core/queues/names.js';

/** At each change of a policy RabbitMQ looks through all of them for each queue. */
const MOST_POLICIES = 200;

export interface BacklogLimitsDeps {
  readonly policies: Pick<RabbitPolicies, 'checkRight' | 'list' | 'put' | 'remove'>;
  readonly names: Names;
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
}

/** What was done to RabbitMQ's policies, by their names. */
export interface BacklogChanges {
  readonly set: readonly string[];
  readonly removed: readonly string[];
  /** Why what others have left was not tidied up; undefined where it was. */
  readonly notTidied?: string;
}

/** Makes the broker go by the backlog limits of a document: with policies of RabbitMQ's own. */
export class BacklogLimits {
  constructor(private readonly deps: BacklogLimitsDeps) {}

  /**
   * Whether the broker can be made to go by the next document; to be asked before that is written. Nothing is asked of the
   * broker where the backlog limits stay as they are.
   *
   * @throws FairqError which says why not
   */
  async check(before: PolicyDocument, next: PolicyDocument): Promise<void> {
    refuseTenants(next);
    if (!this.#differ(before, next)) return;
    const { policies, names, nowMs } = this.deps;
    await policies.checkRight();
    const present = await policies.list(); // the vhost may not be this user's
    const { needed } = backlogPlan(names, next, present, nowMs());
    if (needed > MOST_POLICIES) throw tooMany(needed, backlogPlan(names, next, [], nowMs()).needed);
  }

  /**
   * Makes the broker go by a document that has been written. Where its backlog limits are those of the one before, what has
   * ended and what others have changed is tidied up, if this user may do that.
   *
   * @throws FairqError which says how much was done
   */
  async agree(before: PolicyDocument, next: PolicyDocument): Promise<BacklogChanges> {
    if (this.#differ(before, next)) return this.carryOut(next);
    if (!hasBacklog(before) && !hasBacklog(next)) return { set: [], removed: [] };
    try {
      return await this.carryOut(next);
    } catch (error) {
      return { set: [], removed: [], notTidied: messageOf(error) };
    }
  }

  /**
   * Sets the policies that the document needs, and removes those that it does not. One that is as it should be is left
   * alone, so this may be done at any time.
   */
  async carryOut(document: PolicyDocument): Promise<BacklogChanges> {
    const { policies } = this.deps;
    const { put, remove } = await this.plan(document);
    let done = 0;
    try {
      for (const policy of put) {
        await policies.put(policy);
        done++;
      }
      for (const { name } of remove) {
        await policies.remove(name);
        done++;
      }
    } catch (error) {
      const text = `${done} of ${put.length + remove.length} RabbitMQ policies for backlog limits were changed: ${messageOf(error)}`;
      throw partialError('BACKLOG_NOT_SET', text, {
        hint: 'Repeat the command: it changes those that are left.',
        cause: error,
      });
    }
    return { set: put.map(({ name }) => name), removed: remove.map(({ name }) => name) };
  }

  /** What is not as the document has it. */
  async plan(document: PolicyDocument): Promise<BacklogPlan> {
    const { policies, names, nowMs } = this.deps;
    return backlogPlan(names, document, await policies.list(), nowMs());
  }

  #differ(before: PolicyDocument, next: PolicyDocument): boolean {
    const { names, nowMs } = this.deps;
    const now = nowMs();
    const written = (document: PolicyDocument) =>
      JSON.stringify(backlogPlan(names, document, [], now).put.map((policy) => ({ ...policy, rule: null })));
    return written(before) !== written(next);
  }
}

/** One that has ended counts: its policies may still be there. */
export function hasBacklog({ rules }: PolicyDocument): boolean {
  return rules.some(({ limits }) => limits.backlog !== undefined);
}

function refuseTenants({ rules }: PolicyDocument): void {
  const tenant = rules.find(({ of, limits }) => of === 'tenant' && limits.backlog !== undefined);
  if (tenant === undefined) return;
  const text = `the tenant ${JSON.stringify(tenant.name)} cannot have a backlog limit: each queue keeps its own, and a queue is one user's`;
  throw usageError('TENANT_BACKLOG', text, {
    hint: `Limit each of its users instead, by a glob that matches them, such as ${JSON.stringify(`${tenant.name}/*`)}.`,
  });
}

function tooMany(needed: number, alone: number) {
  const others = alone < needed ? `, since other policies are there for the same queues` : '';
  const text = `the backlog limits need ${needed} RabbitMQ policies${others}; the most is ${MOST_POLICIES}`;
  return usageError('TOO_MANY_BACKLOGS', text, {
    hint: 'Limit users together, by a glob such as "acme/*".',
  });
}
