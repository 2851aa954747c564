import { isBacklog, isCap, isRate, isWeight, LEAST_WEIGHT, MOST_CAP, MOST_WEIGHT } from './limit-bounds.js';
import { momentText, rateText, usualBurst } from './limit-text.js';
import { isSame, ruleOf } from './policy-changes.js';
import { isRuleName, LATEST_MS, MOST_RULES, MOST_WORDS } from './policy-codec.js';
import {
  type Cap,
  LIMIT_NAMES,
  type LimitName,
  type Limits,
  type PolicyRule,
  type Rate,
  type RuleOf,
  type Setting,
} from './policy-document.js';
import { parsedRate } from './rate-flag.js';

/** A file says something that makes no sense: where, and what would. */
export class BadPolicyFile extends Error {
  override readonly name = 'BadPolicyFile';

  constructor(
    readonly where: string,
    readonly what: string,
  ) {
    super(`${where}: ${what}`);
  }
}

const SECTIONS: ReadonlyMap<string, RuleOf> = new Map([
  ['users', 'user'],
  ['tenants', 'tenant'],
]);

/** Who applies a file, and when: what is as it was keeps who set it. */
export interface Applied {
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly before: readonly PolicyRule[];
}

/**
 * The rules of a file, by sections `users` and `tenants`, a table for each name.
 *
 * @throws BadPolicyFile for the first thing that makes no sense
 */
export function rulesOfFile(file: unknown, applied: Applied): PolicyRule[] {
  const rules: PolicyRule[] = [];
  for (const [section, names] of entriesOf(file, 'the file')) {
    const of = SECTIONS.get(section);
    if (of === undefined) throw new BadPolicyFile(section, 'there are the tables "users" and "tenants" only');
    for (const [name, table] of entriesOf(names, section)) {
      const where = `${section}.${JSON.stringify(name)}`;
      if (!isRuleName(name)) throw new BadPolicyFile(where, 'this is no name');
      const limits = limitsOf(table, where, { of, name }, applied);
      if (Object.keys(limits).length === 0) throw new BadPolicyFile(where, 'nothing is set');
      rules.push({ of, name, limits });
    }
  }
  if (rules.length > MOST_RULES)
    throw new BadPolicyFile('the file', `there are more than ${MOST_RULES} rules`);
  return rules;
}

function limitsOf(
  table: unknown,
  where: string,
  rule: Pick<PolicyRule, 'of' | 'name'>,
  { by, at, before }: Applied,
): Limits {
  const limits: Partial<Record<LimitName, Setting<unknown>>> = {};
  for (const [key, given] of entriesOf(table, where)) {
    const here = `${where}.${key}`;
    const limit = LIMIT_NAMES.find((name) => name === key);
    if (limit === undefined) throw new BadPolicyFile(here, `there are ${LIMIT_NAMES.join(', ')} only`);
    const isTable = typeof given === 'object' && given !== null && !(given instanceof Date);
    const { value, until, reason, ...more } = isTable
      ? (given as Record<string, unknown>)
      : ({ value: given } as Record<string, unknown>);
    const setting: Setting<unknown> = {
      value: READERS[limit](value, more, here),
      by,
      at,
      ...(until !== undefined && { until: endOf(until, here, at) }),
      ...(reason !== undefined && { reason: wordsOf(reason, here) }),
    };
    const old = ruleOf(before, rule)?.limits[limit];
    limits[limit] = old !== undefined && isSame(old, setting) ? old : setting;
  }
  return limits as Limits;
}

type Reader = (value: unknown, more: Readonly<Record<string, unknown>>, where: string) => unknown;

/** What each setting may be; `more` is what its table has beside its value, its end and its reason. */
const READERS: Readonly<Record<LimitName, Reader>> = {
  weight: (value, more, where) => {
    nothingMore(more, where);
    if (isWeight(value)) return value;
    throw new BadPolicyFile(where, `a weight is a number from ${LEAST_WEIGHT} to ${MOST_WEIGHT}`);
  },
  cap: (value, { 'when-busy': whenBusy, ...more }, where) => {
    nothingMore(more, where);
    const cap = { tasks: value, ...(whenBusy !== undefined && whenBusy !== false && { whenBusy }) };
    if (isCap(cap)) return cap satisfies Cap;
    if (value === 0) throw new BadPolicyFile(where, 'a cap of 0 is a pause: write paused = true');
    throw new BadPolicyFile(where, `a cap is a whole number from 1 to ${MOST_CAP}`);
  },
  rate: (value, { burst, ...more }, where) => {
    nothingMore(more, where);
    const rate = typeof value === 'string' ? parsedRate(value) : undefined;
    if (rate === undefined)
      throw new BadPolicyFile(where, 'a rate is a text such as "100/s", "20/m" or "5/h"');
    const whole = { ...rate, burst: burst ?? usualBurst(rate.starts, rate.perMs) };
    if (isRate(whole)) return whole satisfies Rate;
    throw new BadPolicyFile(where, `a burst is a whole number from 1 to ${rate.starts}`);
  },
  paused: (value, more, where) => {
    nothingMore(more, where);
    if (value === true || value === undefined) return true;
    throw new BadPolicyFile(where, 'write paused = true, or leave it out');
  },
  backlog: (value, more, where) => {
    nothingMore(more, where);
    if (isBacklog(value)) return value;
    throw new BadPolicyFile(where, 'a backlog limit is a whole number above 0');
  },
};

/** The same rules as the tables of a file. */
export function fileOfRules(rules: readonly PolicyRule[]): Record<string, Record<string, unknown>> {
  const file: Record<string, Record<string, unknown>> = {};
  for (const [section, of] of SECTIONS) {
    const tables = rules.filter((rule) => rule.of === of).map(({ name, limits }) => [name, tableOf(limits)]);
    if (tables.length > 0) file[section] = Object.fromEntries(tables);
  }
  return file;
}

function tableOf({ weight, cap, rate, paused, backlog }: Limits): Record<string, unknown> {
  return {
    ...entry('weight', weight, (value) => [value]),
    ...entry('cap', cap, ({ tasks, whenBusy }) => [tasks, whenBusy ? { 'when-busy': true } : {}]),
    ...entry('rate', rate, ({ starts, perMs, burst }) => [
      rateText({ starts, perMs }),
      burst === usualBurst(starts, perMs) ? {} : { burst },
    ]),
    ...entry('paused', paused, (value) => [value]),
    ...entry('backlog', backlog, (value) => [value]),
  };
}

function entry<T>(
  name: LimitName,
  setting: Setting<T> | undefined,
  parts: (value: T) => [value: unknown, more?: object],
): Record<string, unknown> {
  if (setting === undefined) return {};
  const [value, more = {}] = parts(setting.value);
  const { until, reason } = setting;
  const beside = {
    ...more,
    ...(until !== undefined && { until: new Date(until).toISOString() }),
    ...(reason !== undefined && { reason }),
  };
  return { [name]: Object.keys(beside).length === 0 ? value : { value, ...beside } };
}

function entriesOf(value: unknown, where: string): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BadPolicyFile(where, 'this is no table');
  }
  return Object.entries(value);
}

function nothingMore(more: object, where: string): void {
  const [first] = Object.keys(more);
  if (first !== undefined) throw new BadPolicyFile(`${where}.${first}`, 'there is no such setting');
}

function endOf(until: unknown, where: string, now: number): number {
  const ms =
    until instanceof Date ? until.getTime() : typeof until === 'string' ? Date.parse(until) : Number.NaN;
  if (!(ms <= LATEST_MS)) {
    throw new BadPolicyFile(`${where}.until`, 'an end is a moment such as 2026-11-24T12:00:00Z');
  }
  if (ms <= now) throw new BadPolicyFile(`${where}.until`, `${momentText(ms)} is in the past`);
  return ms;
}

function wordsOf(reason: unknown, where: string): string {
  if (typeof reason === 'string' && reason.length <= MOST_WORDS && reason.isWellFormed()) return reason;
  throw new BadPolicyFile(`${where}.reason`, `a reason is a text of at most ${MOST_WORDS} characters`);
}
