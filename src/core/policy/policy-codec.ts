import { usageError } from '../errors/errors.js';
import { parsedObject } from '../values/parsed-object.js';
import { isWithin } from '../values/sane-numbers.js';
import { isBacklog, isCap, isRate, isWeight } from './limit-bounds.js';
import type { Cap, Limits, PolicyDocument, PolicyRule, Rate, RuleOf, Setting } from './policy-document.js';

export const MOST_RULES = 10_000;
/** Characters of a name, and of what is said in words. */
export const MOST_NAME = 255;
export const MOST_WORDS = 1_000;
/** Milliseconds since the epoch, at the end of 9999. */
export const LATEST_MS = 253_402_300_799_999;

/** @throws FairqError (usage) for more rules than anybody reads */
export function encodePolicy(document: PolicyDocument): string {
  const { length } = document.rules;
  if (length > MOST_RULES) {
    throw usageError(
      'TOO_MANY_RULES',
      `there would be ${length} rules, and the most is ${MOST_RULES}; nothing was changed`,
      {
        hint: 'Set it for users together, by a glob such as "acme/*", or take back a rule that nobody needs.',
      },
    );
  }
  return JSON.stringify(document);
}

/** Undefined for what no fairq would write: anybody may write to the stream, and nothing of it is applied then. */
export function decodePolicy(text: string): PolicyDocument | undefined {
  const value = parsedObject(text);
  if (value === undefined || value.version !== 1) return undefined;
  const { revision, madeFrom, at, by, what, reason, rules } = value;
  if (!isWithin(revision, 0, Number.MAX_SAFE_INTEGER) || !isWithin(madeFrom, 0, revision)) return undefined;
  if (!isMoment(at) || !isWords(by) || !isWords(what)) return undefined;
  if (reason !== undefined && !isWords(reason)) return undefined;
  if (!Array.isArray(rules) || rules.length > MOST_RULES) return undefined;
  const decoded: PolicyRule[] = [];
  const seen = new Set<string>();
  for (const one of rules as unknown[]) {
    const rule = decodeRule(one);
    if (rule === undefined || seen.has(`${rule.of} ${rule.name}`)) return undefined;
    seen.add(`${rule.of} ${rule.name}`);
    decoded.push(rule);
  }
  return {
    version: 1,
    revision,
    madeFrom,
    at,
    by,
    what,
    ...(reason !== undefined && { reason }),
    rules: decoded,
  };
}

/** A user or tenant, or a glob over them. */
export function isRuleName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MOST_NAME && value.isWellFormed();
}

function decodeRule(value: unknown): PolicyRule | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { of, name, limits } = value as Record<string, unknown>;
  if (!isRuleOf(of) || !isRuleName(name)) return undefined;
  const decoded = decodeLimits(limits);
  return decoded && { of, name, limits: decoded };
}

function isRuleOf(value: unknown): value is RuleOf {
  return value === 'user' || value === 'tenant';
}

function decodeLimits(value: unknown): Limits | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { weight, cap, rate, paused, backlog } = value as Record<string, unknown>;
  const limits = {
    ...decodeSetting('weight', weight, isWeight),
    ...decodeSetting('cap', cap, isCap, ({ tasks, whenBusy }: Cap) => ({
      tasks,
      ...(whenBusy && { whenBusy }),
    })),
    ...decodeSetting('rate', rate, isRate, ({ starts, perMs, burst }: Rate) => ({ starts, perMs, burst })),
    ...decodeSetting('paused', paused, (given) => given === true),
    ...decodeSetting('backlog', backlog, isBacklog),
  };
  const isWhole = Object.values(limits).every((setting) => setting !== undefined);
  return isWhole && Object.keys(limits).length > 0 ? (limits as Limits) : undefined;
}

/** Nothing for what is not set; undefined under its name for what makes no sense. */
function decodeSetting<T>(
  name: string,
  setting: unknown,
  isValue: (value: unknown) => value is T,
  copy: (value: T) => T = (value) => value,
): Record<string, Setting<T> | undefined> {
  if (setting === undefined) return {};
  return { [name]: settingOf(setting, isValue, copy) };
}

function settingOf<T>(
  setting: unknown,
  isValue: (value: unknown) => value is T,
  copy: (value: T) => T,
): Setting<T> | undefined {
  if (typeof setting !== 'object' || setting === null) return undefined;
  const { value, by, at, until, reason } = setting as Record<string, unknown>;
  if (!isValue(value) || !isWords(by) || !isMoment(at)) return undefined;
  if (until !== undefined && !isMoment(until)) return undefined;
  if (reason !== undefined && !isWords(reason)) return undefined;
  return {
    value: copy(value),
    by,
    at,
    ...(until !== undefined && { until }),
    ...(reason !== undefined && { reason }),
  };
}

function isMoment(value: unknown): value is number {
  return isWithin(value, 0, LATEST_MS);
}

function isWords(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MOST_WORDS && value.isWellFormed();
}
