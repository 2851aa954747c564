import { Management } from '../../broker/management/management.js';
import { onBroker } from '../../broker/on-broker.js';
import { currentPolicy, policyHistory } from '../../broker/policy/policy-stream.js';
import { FairqError, usageError } from '../../core/errors/errors.js';
import { endedInForce } from '../../core/policy/backlog/backlog-policies.js';
import { holds, Policy } from '../../core/policy/policy.js';
import { type RuleName, rulesInForce } from '../../core/policy/policy-changes.js';
import type { PolicyDocument } from '../../core/policy/policy-document.js';
import {
  type EndedBacklog,
  type PolicyFor,
  type PolicyHistory,
  type PolicyList,
  settingsInForce,
} from '../../core/reports/policy-report.js';
import { glob } from '../../core/values/glob.js';
import { renderPolicy, renderPolicyFor, renderPolicyHistory } from '../../render/policy/list-text.js';
import { tenantsFrom } from '../flags/tenant-flags.js';
import type { CommandResult, Context } from '../shared/context.js';
import { epochMs } from './carry-out.js';
import type { HistoryFlags, ShowFlags } from './look-command.js';
import { ruleNameFrom } from './policy-flags.js';

/** Who only looks may take a stream for empty that the broker is slow to show. */
const EMPTY_AFTER_MS = 2_000;

/** The document that counts, by a connection of its own. */
export async function policyNow(context: Context, verb: string): Promise<PolicyDocument> {
  const config = await context.config();
  return onBroker(config, verb, {}, ({ connection }) =>
    currentPolicy(connection, config.names, EMPTY_AFTER_MS),
  );
}

interface Seen {
  readonly document: PolicyDocument;
  readonly endedInForce: readonly EndedBacklog[] | null;
}

/** The document that counts, and what RabbitMQ goes on with of it; that is asked for where a backlog limit has ended. */
async function policySeen(context: Context, verb: string): Promise<Seen> {
  const { address, names } = await context.config();
  const document = await policyNow(context, verb);
  const now = epochMs(context);
  const ended = document.rules.filter(
    ({ limits: { backlog } }) => backlog !== undefined && !holds(backlog, now),
  );
  if (ended.length === 0) return { document, endedInForce: [] };
  const management = new Management(address);
  try {
    const rules = endedInForce(names, document, await management.policies.list(), now);
    return {
      document,
      endedInForce: rules.flatMap(({ name, limits: { backlog } }) => (backlog ? [{ name, backlog }] : [])),
    };
  } catch (error) {
    if (!(error instanceof FairqError)) throw error;
    context.warn(
      `backlog limits have ended, and whether RabbitMQ goes on with them is not known: ${error.message}`,
    );
    return { document, endedInForce: null };
  } finally {
    await management.close();
  }
}

export async function list(_flags: object, context: Context): Promise<CommandResult> {
  const seen = await policySeen(context, 'fairq policy list');
  const { version: _, reason, rules, ...document } = seen.document;
  const policy: PolicyList = {
    schemaVersion: 1,
    kind: 'policy',
    ...document,
    reason: reason ?? null,
    rules: rulesInForce(rules, epochMs(context)),
    endedInForce: seen.endedInForce,
  };
  return { document: policy, text: (style) => renderPolicy(policy, style) };
}

export async function show(flags: ShowFlags, context: Context): Promise<CommandResult> {
  const rule = ruleNameFrom(flags);
  const tenant = await tenantOf(rule, flags);
  const { document, endedInForce } = await policySeen(context, 'fairq policy show');
  const isFor = ({ name }: EndedBacklog) =>
    rule.of === 'user' && (name === rule.name || glob(name).matches(rule.name));
  const policy = new Policy(document);
  const inForce = (one: RuleName) => settingsInForce(policy.forName(one, epochMs(context)));
  const found: PolicyFor = {
    schemaVersion: 1,
    kind: 'policy-for',
    ...rule,
    revision: document.revision,
    inForce: inForce(rule),
    ...(tenant !== undefined && {
      tenant: { name: tenant, inForce: inForce({ of: 'tenant', name: tenant }) },
    }),
    endedInForce: endedInForce?.filter(isFor) ?? null,
  };
  return { document: found, text: (style) => renderPolicyFor(found, style) };
}

/** Whom a user belongs to; undefined where nobody has said that. */
async function tenantOf({ of, name }: RuleName, flags: ShowFlags): Promise<string | undefined> {
  if (of === 'tenant' && flags.tenantOf !== undefined) {
    throw usageError('TENANT_OF_WITH', '--tenant-of and --tenant exclude each other', {
      hint: 'Name a user with --tenant-of, or a tenant with --tenant.',
    });
  }
  return (await tenantsFrom(flags))?.rule.tenantOf(name);
}

export async function history({ limit }: HistoryFlags, context: Context): Promise<CommandResult> {
  const config = await context.config();
  const all = await onBroker(config, 'fairq policy history', {}, ({ connection }) =>
    policyHistory(connection, config.names),
  );
  const shown = all.slice(-limit);
  const document: PolicyHistory = {
    schemaVersion: 1,
    kind: 'policy-history',
    changes: shown.map(({ version: _, reason, ...change }) => ({ ...change, reason: reason ?? null })),
    hidden: all.length - shown.length,
  };
  return { document, text: (style) => renderPolicyHistory(document, style) };
}
