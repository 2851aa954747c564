import { onBroker } from '../../broker/on-broker.js';
import { currentPolicy, policyHistory } from '../../broker/policy/policy-stream.js';
import { Policy } from '../../core/policy/policy.js';
import { rulesInForce } from '../../core/policy/policy-changes.js';
import type { PolicyDocument } from '../../core/policy/policy-document.js';
import {
  type PolicyFor,
  type PolicyHistory,
  type PolicyList,
  settingsInForce,
} from '../../core/reports/policy-report.js';
import { renderPolicy, renderPolicyFor, renderPolicyHistory } from '../../render/policy/list-text.js';
import type { CommandResult, Context } from '../shared/context.js';
import { epochMs } from './carry-out.js';
import type { HistoryFlags } from './look-command.js';
import { type NameFlags, ruleNameFrom } from './policy-flags.js';

/** Who only looks may take a stream for empty that the broker is slow to show. */
const EMPTY_AFTER_MS = 2_000;

/** The document that counts, by a connection of its own. */
export async function policyNow(context: Context, verb: string): Promise<PolicyDocument> {
  const config = await context.config();
  return onBroker(config, verb, {}, ({ connection }) =>
    currentPolicy(connection, config.names, EMPTY_AFTER_MS),
  );
}

export async function list(_flags: object, context: Context): Promise<CommandResult> {
  const { version: _, reason, rules, ...document } = await policyNow(context, 'fairq policy list');
  const policy: PolicyList = {
    schemaVersion: 1,
    kind: 'policy',
    ...document,
    reason: reason ?? null,
    rules: rulesInForce(rules, epochMs(context)),
  };
  return { document: policy, text: (style) => renderPolicy(policy, style) };
}

export async function show(flags: NameFlags, context: Context): Promise<CommandResult> {
  const rule = ruleNameFrom(flags);
  const document = await policyNow(context, 'fairq policy show');
  const found: PolicyFor = {
    schemaVersion: 1,
    kind: 'policy-for',
    ...rule,
    revision: document.revision,
    inForce: settingsInForce(new Policy(document).forName(rule, epochMs(context))),
  };
  return { document: found, text: (style) => renderPolicyFor(found, style) };
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
