import type { PlanUnit } from '../../core/plan/figure.js';
import { formatCount } from '../parts/numbers.js';

type Sizes = readonly (readonly [name: string, size: number])[];

/** What values are said in, the smallest first. */
const SIZES: Readonly<Record<PlanUnit, Sizes>> = {
  bytes: [
    [' B', 1],
    [' KiB', 1024],
    [' MiB', 1024 ** 2],
    [' GiB', 1024 ** 3],
    [' TiB', 1024 ** 4],
  ],
  ms: [
    [' ms', 1],
    [' s', 1_000],
    [' min', 60_000],
    [' h', 3_600_000],
    [' d', 86_400_000],
  ],
  perSecond: [
    ['/s', 1],
    [' k/s', 1_000],
    [' M/s', 1e6],
  ],
  share: [[' %', 0.01]],
  queues: [['', 1]],
  tasks: [['', 1]],
  processors: [['', 1]],
};

/** Less of a processor is nothing to plan for. */
const NO_PROCESSOR = 0.01;
/** A value is said in the unit of a larger one beside it, where it is not too small a part of that. */
const SAME_UNIT_FROM = 0.1;

/** Two digits, and all before the point: 0.0384 → `0.038`, 3.94 → `3.9`, 6242 → `6,242` */
export function roughNumber(value: number): string {
  return value >= 10 ? formatCount(value) : `${Number(value.toPrecision(2))}`;
}

/** A value with its unit: `39 GiB`, `12 min`, `1.6 %`, `6.2 k/s`. */
export function roughText(value: number, unit: PlanUnit): string {
  const { number, name } = said(value, unit, sizeFor(value, unit));
  return number + name;
}

interface Ends {
  readonly least: number | null;
  readonly most: number | null;
  readonly unit: PlanUnit;
}

/** `20–39 GiB`, `9 s–2 min`; an end that is not known is said. */
export function spanText({ least, most, unit }: Ends, unicode: boolean): string {
  if (least === null && most === null) return 'unknown';
  if (least === null) return `${unicode ? '≤' : '<='} ${roughText(most!, unit)}`;
  if (most === null) return `${unicode ? '≥' : '>='} ${roughText(least, unit)}`;
  const size = sizeFor(most, unit);
  const isOfThatSize = least === 0 || least / size[1] >= SAME_UNIT_FROM;
  const from = said(least, unit, isOfThatSize ? size : sizeFor(least, unit));
  const to = said(most, unit, size);
  if (from.number === to.number && from.name === to.name) return to.number + to.name;
  return `${from.number}${from.name === to.name ? '' : from.name}${unicode ? '–' : '-'}${to.number}${to.name}`;
}

function sizeFor(value: number, unit: PlanUnit): Sizes[number] {
  return SIZES[unit].findLast(([, size]) => value >= size) ?? SIZES[unit][0]!;
}

function said(value: number, unit: PlanUnit, [name, size]: Sizes[number]) {
  if (unit === 'processors' && value < NO_PROCESSOR) return { number: `<${NO_PROCESSOR}`, name };
  return { number: roughNumber(value / size), name };
}
