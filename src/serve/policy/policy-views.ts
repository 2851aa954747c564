import type { Policy } from '../../core/policy/policy.js';
import {
  differenceOf,
  type PolicyChange,
  type RuleName,
  ruleOf,
  rulesInForce,
} from '../../core/policy/policy-changes.js';
import {
  type Limits,
  NO_POLICY,
  type PolicyDocument,
  type PolicyRule,
  type Setting,
} from '../../core/policy/policy-document.js';
import { fileOfRules } from '../../core/policy/policy-file.js';
import { settingsInForce } from '../../core/reports/policy-report.js';
import { changeReport } from '../../run/policy/change-report.js';
import type { MadeChange } from '../actions/policy-action.js';
import { timeOf } from '../http/times.js';

/** Milliseconds since the epoch → RFC 3339. */
function moment(ms: number): string {
  return new Date(ms).toISOString();
}

function settingView({ value, by, at, until, reason }: Setting<unknown>): object {
  return {
    value,
    by,
    at: moment(at),
    until: until === undefined ? null : moment(until),
    reason: reason ?? null,
  };
}

function ruleView({ of, name, limits }: PolicyRule): object {
  const settings = Object.entries(limits as Record<string, Setting<unknown>>);
  return { of, name, limits: Object.fromEntries(settings.map(([key, one]) => [key, settingView(one)])) };
}

/** A document as it was made. */
function documentView({ version: _, at, reason, rules, ...document }: PolicyDocument) {
  return { ...document, at: moment(at), reason: reason ?? null, rules: rules.map(ruleView) };
}

function changedView({ before, after, ...change }: PolicyChange): object {
  return {
    ...change,
    before: before === undefined ? null : settingView(before),
    after: after === undefined ? null : settingView(after),
  };
}

/**
 * Documents with what each has changed.
 *
 * @param all that the stream still has: one that was made from another is told apart from it
 */
export function historyView(
  all: readonly PolicyDocument[],
  shown: readonly PolicyDocument[],
  withRules: boolean,
): object[] {
  const known = new Map(all.map((document) => [document.revision, document]));
  known.set(NO_POLICY.revision, NO_POLICY);
  return shown.map((document) => {
    const from = known.get(document.madeFrom);
    // What has ended by itself nobody has taken back.
    const before = from && { rules: rulesInForce(from.rules, document.at) };
    const { rules, ...view } = documentView(document);
    return {
      ...view,
      changes: before === undefined ? null : differenceOf(before, document).map(changedView),
      ...(withRules && { rules }),
    };
  });
}

/** What counts of a document now: what has ended is left out. */
export function policyView(document: PolicyDocument, now: number): object {
  const view = documentView({ ...document, rules: rulesInForce(document.rules, now) });
  // Nobody has made it.
  return document.revision === 0 ? { ...view, at: null, by: null } : view;
}

/** What the rule of this name sets, as it may be put again, and what counts for whom the name is. */
export function namedView(policy: Policy, rule: RuleName, now: number): object {
  const { document } = policy;
  const own = ruleOf(rulesInForce(document.rules, now), rule);
  return {
    ...rule,
    revision: document.revision,
    rule: own === undefined ? null : putForm(own.limits, rule),
    inForce: Object.fromEntries(
      Object.entries(settingsInForce(policy.forName(rule, now))).map(
        ([limit, { rule: by, passedOver, ...setting }]) => [
          limit,
          { ...settingView(setting), rule: by, passedOver },
        ],
      ),
    ),
  };
}

/** As a table of a policy file has it. */
function putForm(limits: Limits, { of, name }: RuleName): unknown {
  const [tables] = Object.values(fileOfRules([{ of, name, limits }]));
  return tables?.[name];
}

/** What a change came to, and who goes by it. */
export function changeView({ warnings, ...changed }: MadeChange): object {
  const { schemaVersion: _, kind: __, at, changes, stillRunning, ...report } = changeReport(changed);
  return {
    ...report,
    at: moment(at),
    changes: changes.map(({ before, after, ...change }) => ({
      ...change,
      before: before && settingView(before),
      after: after && settingView(after),
    })),
    warnings,
    stillRunning: stillRunning.map(({ started, ...task }) => ({ ...task, startedAt: timeOf(started) })),
  };
}
