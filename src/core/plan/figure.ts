import type { FormulaName } from './formulas.js';

/** Where a figure comes from. */
export type Origin = 'measured-here' | 'measured-before' | 'reckoned' | 'unknown';

/** What a figure counts in; `perSecond` are tasks or queues, `processors` parts of one. */
export type PlanUnit = 'queues' | 'bytes' | 'processors' | 'perSecond' | 'ms' | 'share' | 'tasks';

/** One figure of a plan. */
export interface Figure {
  readonly unit: PlanUnit;
  /** Both the same where there is one value; null where that end is not known. */
  readonly least: number | null;
  readonly most: number | null;
  readonly origin: Origin;
  /** How it was reckoned; null for what was measured, and for what is unknown. */
  readonly formula: FormulaName | null;
  /** Ids of the measurements that it is, or rests on. */
  readonly sources: readonly string[];
  /** Why it, or one of its ends, is not known. */
  readonly unknownBecause?: string;
}

/** From the least to the most that was found. */
export interface Span {
  readonly least: number;
  readonly most: number;
  readonly sources: readonly string[];
}

/** A span that needed no measurement. */
export function exactly(value: number, most = value): Span {
  return { least: value, most, sources: [] };
}

export function reckoned(unit: PlanUnit, formula: FormulaName, { least, most, sources }: Span): Figure {
  return { unit, least, most, origin: 'reckoned', formula, sources };
}

export function unknown(unit: PlanUnit, unknownBecause: string): Figure {
  return { unit, least: null, most: null, origin: 'unknown', formula: null, sources: [], unknownBecause };
}
