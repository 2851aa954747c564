import { usageError } from '../errors/errors.js';
import { UNITS_MS } from './quantities.js';

/** A part of a run; both ends in microseconds since the epoch, the second is not in it. */
export interface TimeWindow {
  readonly from: number;
  readonly to: number;
}

/** One end of it: a moment, or so long after the run's first start. Microseconds. */
export type FixedMoment = { readonly at: number } | { readonly afterStart: number };
/** The same, or so long before somebody asks. */
export type Moment = FixedMoment | { readonly beforeNow: number };

/** @param now microseconds since the epoch */
export function fixed(moment: Moment, now: number): FixedMoment {
  return 'beforeNow' in moment ? { at: now - moment.beforeNow } : moment;
}

/** It has nothing to do with when a run began. */
export function isTimeOfDay(moment: Moment): boolean {
  return !('afterStart' in moment);
}

/** `+30s` for a time after the first start, `15m` for so long ago, or a moment as ISO 8601 has it: `2026-11-24T12:00:00Z`. */
export function parseMoment(text: string, what: string): Moment {
  const span = /^(\+?)(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim());
  if (span) {
    const micros = Number(span[2]) * UNITS_MS[span[3]!]! * 1_000;
    return span[1] === '+' ? { afterStart: micros } : { beforeNow: micros };
  }
  const at = /^\d{4}-\d\d-\d\d/.test(text.trim()) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return { at: at * 1_000 };
  throw usageError('BAD_MOMENT', `${what}: "${text}" is not a moment`, {
    hint: 'Write +30s for a time after the first start, 15m for so long ago, or a moment such as 2026-11-24T12:00:00Z.',
  });
}

/** Open at an end that is not given. */
export interface PartOfRun {
  readonly since?: FixedMoment | undefined;
  readonly until?: FixedMoment | undefined;
}

/** @param firstStart of the run; microseconds since the epoch */
export function windowOf({ since, until }: PartOfRun, firstStart: number): TimeWindow {
  const momentOf = (moment: FixedMoment | undefined, otherwise: number) => {
    if (moment === undefined) return otherwise;
    return 'at' in moment ? moment.at : firstStart + moment.afterStart;
  };
  return {
    from: momentOf(since, Number.NEGATIVE_INFINITY),
    to: momentOf(until, Number.POSITIVE_INFINITY),
  };
}
