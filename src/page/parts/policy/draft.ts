import { limitText } from '../../../core/policy/limit-text.js';

/** Settings with a field in the editor. A pause has buttons of its own. */
export const EDITED = ['weight', 'cap', 'rate', 'backlog'] as const;
export type Edited = (typeof EDITED)[number];

/** When a setting ends, by the value of its choice. */
export const ENDS: readonly (readonly [choice: string, text: string, ms: number])[] = [
  ['30m', 'in 30 min', 30 * 60_000],
  ['2h', 'in 2 h', 2 * 3_600_000],
  ['8h', 'in 8 h', 8 * 3_600_000],
  ['24h', 'in 24 h', 24 * 3_600_000],
];

/** What is typed for a setting. */
export interface Line {
  /** Empty: it is not set. */
  readonly value: string;
  readonly whenBusy: boolean;
  readonly burst: string;
  /** `none`, `same` (as it was), `moment`, or one of `ENDS`. */
  readonly end: string;
  /** As a browser's field of a date and a time has it. */
  readonly moment: string;
  readonly reason: string;
}

export type Draft = Readonly<Record<Edited, Line>>;

/** A setting as PUT takes it, in its long form. */
export interface Entry {
  readonly value?: unknown;
  readonly until?: string;
  readonly reason?: string;
  readonly 'when-busy'?: boolean;
  readonly burst?: number;
}

/** What a rule sets, by setting, as PUT takes it. */
export type Rule = Readonly<Record<string, unknown>>;

export function entryIn(rule: Rule | null, limit: string): Entry | undefined {
  const given = rule?.[limit];
  if (given === undefined) return undefined;
  return typeof given === 'object' && given !== null ? (given as Entry) : { value: given };
}

export function lineOf(entry: Entry | undefined): Line {
  return {
    value: entry?.value === undefined ? '' : String(entry.value),
    whenBusy: entry?.['when-busy'] === true,
    burst: entry?.burst === undefined ? '' : String(entry.burst),
    end: entry?.until === undefined ? 'none' : 'same',
    moment: '',
    reason: entry?.reason ?? '',
  };
}

export function draftOf(rule: Rule | null): Draft {
  const lines = EDITED.map((limit) => [limit, lineOf(entryIn(rule, limit))]);
  return Object.fromEntries(lines) as Record<Edited, Line>;
}

/** Whether something else was typed than the rule has. */
export function isTyped(limit: Edited, draft: Draft, rule: Rule | null): boolean {
  return JSON.stringify(draft[limit]) !== JSON.stringify(lineOf(entryIn(rule, limit)));
}

/** Whether two rules set the same, in whichever order and form they say it. */
export function isSameRule(one: Rule | null, other: Rule | null): boolean {
  const limits = new Set([...Object.keys(one ?? {}), ...Object.keys(other ?? {})]);
  return [...limits].every((limit) => {
    const [a, b] = [entryIn(one, limit), entryIn(other, limit)];
    return JSON.stringify([lineOf(a), a?.until]) === JSON.stringify([lineOf(b), b?.until]);
  });
}

/** What was typed stays, over what somebody else has set meanwhile; all else is theirs. */
export function draftOver(draft: Draft, before: Rule | null, theirs: Rule | null): Draft {
  const lines = EDITED.map((limit) => {
    if (!isTyped(limit, draft, before)) return [limit, lineOf(entryIn(theirs, limit))];
    const line = draft[limit];
    // "as it was" is the end that theirs has now, or none.
    const hasEnd = entryIn(theirs, limit)?.until !== undefined;
    return [limit, line.end === 'same' && !hasEnd ? { ...line, end: 'none' } : line];
  });
  return Object.fromEntries(lines) as Record<Edited, Line>;
}

/** What was typed since the draft was sent stays, over what is set now. */
export function draftSince(typed: Draft, sent: Draft, set: Rule | null): Draft {
  const now = draftOf(set);
  const lines = EDITED.map((limit) => [limit, typed[limit] === sent[limit] ? now[limit] : typed[limit]]);
  return Object.fromEntries(lines) as Record<Edited, Line>;
}

/**
 * The rule with what was typed, as PUT takes it: what was not touched stays as it is, a pause too. What is no number goes
 * as it was typed: the server says what is wrong with it, in the words of the command.
 *
 * @param now milliseconds since the epoch
 */
export function bodyOf(draft: Draft, rule: Rule | null, now: number): Rule {
  const body: Record<string, unknown> = { ...rule };
  for (const limit of EDITED) {
    if (!isTyped(limit, draft, rule)) continue;
    const { value, whenBusy, burst, end, moment, reason } = draft[limit];
    if (value.trim() === '') {
      delete body[limit];
      continue;
    }
    const until = endOf(end, moment, entryIn(rule, limit)?.until, now);
    body[limit] = {
      value: limit === 'rate' ? value.trim() : numberOr(value),
      ...(until !== undefined && { until }),
      ...(reason.trim() !== '' && { reason: reason.trim() }),
      ...(limit === 'cap' && whenBusy && { 'when-busy': true }),
      ...(limit === 'rate' && burst.trim() !== '' && { burst: numberOr(burst) }),
    };
  }
  return body;
}

/** @param same what "as it was" means */
export function endOf(
  choice: string,
  moment: string,
  same: string | undefined,
  now: number,
): string | undefined {
  if (choice === 'none') return undefined;
  if (choice === 'same') return same;
  if (choice === 'moment') {
    const at = new Date(moment);
    // Nothing was chosen: the server says that this is no moment.
    return Number.isNaN(at.getTime()) ? moment : at.toISOString();
  }
  const found = ENDS.find(([one]) => one === choice);
  return found && new Date(now + found[2]).toISOString();
}

function numberOr(text: string): number | string {
  const number = Number(text.trim());
  return Number.isFinite(number) ? number : text.trim();
}

/** A setting of a rule in a word or two. */
export function entryText(limit: string, entry: Entry | undefined): string {
  if (entry === undefined) return 'not set';
  const { value, burst } = entry;
  if (limit === 'cap') return `${String(value)}${entry['when-busy'] ? ' while others wait' : ''}`;
  if (limit === 'paused') return limitText('paused', true);
  return `${String(value)}${burst === undefined ? '' : `, at most ${burst} at once`}`;
}
