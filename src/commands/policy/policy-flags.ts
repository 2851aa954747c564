import { type Command, InvalidArgumentError, Option } from 'commander';
import { usageError } from '../../core/errors/errors.js';
import {
  isRate,
  isWeight,
  LEAST_WEIGHT,
  MOST_BACKLOG,
  MOST_CAP,
  MOST_STARTS,
  MOST_WEIGHT,
} from '../../core/policy/limit-bounds.js';
import { momentText, usualBurst } from '../../core/policy/limit-text.js';
import type { RuleName } from '../../core/policy/policy-changes.js';
import { isRuleName, LATEST_MS, MOST_WORDS } from '../../core/policy/policy-codec.js';
import type { Limits, Rate, Setting } from '../../core/policy/policy-document.js';
import { parsedRate } from '../../core/policy/rate-flag.js';
import { parseCount, parseDuration, parseTimer } from '../../core/values/quantities.js';

const AGREED_WITHIN_MS = 10_000;

/** Whom a change is for. */
export interface NameFlags {
  name?: string | undefined;
  tenant?: string;
}

/** Who makes a change, why, and how long the workers are waited for. */
export interface ChangeFlags {
  reason?: string;
  by?: string;
  timeout: number;
  revision?: number;
}

/** When what is set ends. */
export interface EndFlags {
  for?: number;
  until?: string;
}

export interface LimitFlags {
  weight?: number;
  cap?: number;
  capWhenBusy?: boolean;
  rate?: Pick<Rate, 'starts' | 'perMs'>;
  burst?: number;
  backlog?: number;
}

export function withName(command: Command): Command {
  return command
    .argument('[name]', 'of the user, or a glob over names: * and ? are wildcards')
    .option('--tenant <name>', 'of a tenant instead, or a glob over tenants');
}

export function withChangeOptions(command: Command): Command {
  return command
    .option('--reason <text>', 'why, for those who look at it later', checkedWords('--reason'))
    .option('--by <name>', 'who sets it (default: this user and machine)', checkedWords('--by'))
    .option('--revision <n>', 'refuse the change where the policy is not at this revision', (text) =>
      parseCount(text, '--revision', 0, Number.MAX_SAFE_INTEGER),
    )
    .addOption(
      new Option('--timeout <time>', 'how long workers are waited for')
        .argParser((text) => parseTimer(text, '--timeout'))
        .default(AGREED_WITHIN_MS, '10s'),
    );
}

export function withEnd(command: Command): Command {
  return command
    .option('--for <time>', 'it ends after so long', (text) => parseDuration(text, '--for'))
    .option('--until <time>', 'it ends then, such as 2026-11-24T12:00:00Z');
}

export function withLimitOptions(command: Command): Command {
  return command
    .option('--weight <n>', 'share against the others, 1 being the usual one', parsedWeight)
    .option('--cap <n>', 'the most tasks at a time, over all workers', parsedCap)
    .option('--cap-when-busy', 'the cap binds only while others wait')
    .option('--rate <n/time>', 'the most starts in a time: 100/s, 20/m or 5/h', parsedRateFlag)
    .option(
      '--burst <n>',
      'with --rate: the most starts at once (default: those of a second, at least 1)',
      (text) => parseCount(text, '--burst', 1, MOST_STARTS),
    )
    .option('--backlog <n>', 'the most tasks that may wait; publishers are refused beyond', (text) =>
      parseCount(text, '--backlog', 1, MOST_BACKLOG),
    );
}

/** @throws FairqError (usage) for none, two, or one that can be none */
export function ruleNameFrom({ name, tenant }: NameFlags): RuleName {
  const given: unknown = tenant ?? name;
  if ((name === undefined) === (tenant === undefined)) {
    throw usageError(
      'WHOSE_POLICY',
      name === undefined ? 'whose policy?' : `both the user "${name}" and the tenant "${tenant}" are named`,
      { hint: 'Name a user or a glob, such as A or "team-*", or a tenant with --tenant.' },
    );
  }
  const of = tenant === undefined ? 'user' : 'tenant';
  if (isRuleName(given)) return { of, name: given };
  throw usageError('BAD_NAME', `${JSON.stringify(String(given).slice(0, 40))} is no name of a ${of}`, {
    hint: 'A name has 1 to 255 characters of valid Unicode.',
  });
}

/** When it ends; milliseconds since the epoch, undefined: never by itself. */
export function endFrom({ for: forMs, until }: EndFlags, nowMs: number): number | undefined {
  if (forMs !== undefined && until !== undefined) {
    throw usageError('END_TWICE', '--for and --until exclude each other', { hint: 'Give one end.' });
  }
  if (forMs !== undefined) {
    const end = Math.ceil(nowMs + forMs);
    if (forMs > 0 && end <= LATEST_MS) return end;
    throw usageError('BAD_END', '--for: this is no time to come', { hint: 'Give a time such as 10m or 2h.' });
  }
  if (until === undefined) return undefined;
  const end = /^\d{4}-\d\d-\d\d/.test(until.trim()) ? Date.parse(until) : Number.NaN;
  if (!(end <= LATEST_MS)) {
    throw usageError('BAD_END', `--until: "${until}" is not a moment`, {
      hint: 'Write it as 2026-11-24T12:00:00Z, or say --for 2h.',
    });
  }
  if (end > nowMs) return end;
  throw usageError('BAD_END', `--until: ${momentText(end)} is in the past`, {
    hint: `It is ${momentText(nowMs)} now.`,
  });
}

/** What is set, with who set it. */
export function limitsFrom(flags: LimitFlags, common: Omit<Setting<unknown>, 'value'>): Limits {
  const { weight, cap, capWhenBusy, rate, burst, backlog } = flags;
  if (capWhenBusy === true && cap === undefined) {
    throw usageError('CAP_MISSING', '--cap-when-busy needs --cap', { hint: 'Say how many: --cap 5.' });
  }
  if (burst !== undefined && rate === undefined) {
    throw usageError('RATE_MISSING', '--burst needs --rate', { hint: 'Say the rate: --rate 100/s.' });
  }
  const of = <T>(value: T): Setting<T> => ({ value, ...common });
  return {
    ...(weight !== undefined && { weight: of(weight) }),
    ...(cap !== undefined && {
      cap: of({ tasks: cap, ...(capWhenBusy === true && { whenBusy: true as const }) }),
    }),
    ...(rate !== undefined && { rate: of(wholeRate(rate, burst)) }),
    ...(backlog !== undefined && { backlog: of(backlog) }),
  };
}

function wholeRate({ starts, perMs }: Pick<Rate, 'starts' | 'perMs'>, burst: number | undefined): Rate {
  const rate = { starts, perMs, burst: burst ?? usualBurst(starts, perMs) };
  if (isRate(rate)) return rate;
  throw usageError('BAD_BURST', `--burst ${burst} is above the rate, ${starts}`, {
    hint: `Give at most ${starts}.`,
  });
}

function parsedWeight(text: string): number {
  const weight = text.trim() === '' ? Number.NaN : Number(text);
  if (isWeight(weight)) return weight;
  throw usageError('BAD_WEIGHT', `--weight: "${text}" is not a weight`, {
    hint: `Give a number from ${LEAST_WEIGHT} to ${MOST_WEIGHT}. To let nothing run, see "fairq pause".`,
  });
}

function parsedCap(text: string): number {
  if (text.trim() === '0') {
    throw usageError('BAD_CAP', '--cap: a cap of 0 would let nothing run', {
      hint: 'That is a pause: "fairq pause NAME".',
    });
  }
  return parseCount(text, '--cap', 1, MOST_CAP);
}

function parsedRateFlag(text: string): Pick<Rate, 'starts' | 'perMs'> {
  const rate = parsedRate(text);
  if (rate !== undefined && rate.starts <= MOST_STARTS) return rate;
  throw usageError('BAD_RATE', `--rate: "${text}" is not a rate`, {
    hint: 'Write whole starts and a time, from 1: 100/s, 20/m or 5/h. To let nothing run, see "fairq pause".',
  });
}

function checkedWords(flag: string): (text: string) => string {
  return (text) => {
    if (text !== '' && text.length <= MOST_WORDS && text.isWellFormed()) return text;
    throw new InvalidArgumentError(`${flag} takes 1 to ${MOST_WORDS} characters of valid Unicode.`);
  };
}
