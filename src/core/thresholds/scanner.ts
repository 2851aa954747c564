import { UNITS_MS } from '../values/quantities.js';
import type { MeasureUnit } from './threshold-measures.js';

interface NumberForm {
  /** What may stand behind the digits, and by how much it multiplies them. */
  readonly suffixes: Readonly<Record<string, number>>;
  readonly example: string;
}

const FORMS: Readonly<Record<MeasureUnit, NumberForm>> = {
  ms: { suffixes: UNITS_MS, example: 'a time with its unit, such as 150ms or 2s' },
  share: { suffixes: { '': 1, '%': 0.01 }, example: 'a share, such as 0.99 or 99%' },
  rate: { suffixes: { '': 1, '/s': 1 }, example: 'a rate, such as 5000 or 5000/s' },
  tasks: { suffixes: { '': 1 }, example: 'a number of tasks, such as 3' },
  position: { suffixes: { '': 1 }, example: 'a position, such as 1000' },
};

/** What is written is no threshold. */
export class BadThreshold extends Error {
  override readonly name = 'BadThreshold';

  /**
   * @param what is wrong with it
   * @param text the threshold as it was written
   * @param at where in the text
   * @param hint what to write there; undefined where there is more than one threshold in the text
   */
  constructor(
    readonly what: string,
    readonly text: string,
    readonly at: number,
    readonly hint: string | undefined,
  ) {
    super(`${what}\n  ${text}\n  ${' '.repeat(at)}^`);
  }
}

/** Reads a threshold from left to right; whatever is wrong is said with its place. */
export class ThresholdScanner {
  #at = 0;

  constructor(private readonly text: string) {}

  /** `fair:`, where one is there. */
  label(): string | undefined {
    const found = this.#take(/\s*([^\s:()<>=!"]+(?: [^\s:()<>=!"]+)*)\s*:/y);
    return found?.[1];
  }

  /** The pattern in `user(…).` or `tenant(…).`; undefined where it is about neither. */
  subject(): { readonly kind: 'user' | 'tenant'; readonly pattern: string } | undefined {
    this.#take(/\s*/y);
    const kind = this.#take(/(user|tenant)s?\s*\(/y)?.[1] as 'user' | 'tenant' | undefined;
    if (kind === undefined) return undefined;
    const example = kind === 'user' ? 'user(B)' : 'tenant(acme)';
    const from = this.#at;
    const quoted = this.#take(/\s*"((?:[^"\\]|\\.)*)"\s*/y);
    const pattern = quoted?.[1]?.replace(/\\(.)/g, '$1') ?? this.#take(/[^()]*/y)?.[0].trim() ?? '';
    if (pattern === '') {
      throw this.#wrong(from, `which ${kind}?`, `Write ${example}, or ${kind}(*) for each of them.`);
    }
    if (this.#take(/\)/y) === undefined) {
      throw this.#wrong(
        this.#at,
        `the bracket after the ${kind} is not closed`,
        `Write ${example}.dwell.p95<2s; a name with brackets goes in double quotes.`,
      );
    }
    if (this.#take(/\s*\.\s*/y) === undefined) {
      throw this.#wrong(this.#at, `a dot is missing after the ${kind}`, `Write ${example}.dwell.p95<2s.`);
    }
    return { kind, pattern };
  }

  measure<Measure>(known: ReadonlyMap<string, Measure>): Measure {
    this.#take(/\s*/y);
    const from = this.#at;
    const name = this.#take(/[A-Za-z0-9_.]+/y)?.[0] ?? '';
    const measure = known.get(name);
    if (measure !== undefined) return measure;
    const names = [...known.keys()].join(', ');
    throw this.#wrong(
      from,
      name === '' ? 'a measure is missing' : `there is no measure "${name}"`,
      `Give one of ${names}.`,
    );
  }

  operator<Operator extends string>(operators: readonly Operator[]): Operator {
    this.#take(/\s*/y);
    const found = operators.find((operator) => this.text.startsWith(operator, this.#at));
    if (found === undefined) {
      throw this.#wrong(this.#at, 'a comparison is missing', `Write one of ${operators.join(' ')} here.`);
    }
    this.#at += found.length;
    return found;
  }

  /** To the end of the text. */
  number(unit: MeasureUnit): number {
    this.#take(/\s*/y);
    const { suffixes, example } = FORMS[unit];
    const from = this.#at;
    const digits = this.#take(/-?\d+(?:\.\d+)?/y)?.[0];
    if (digits === undefined) throw this.#wrong(from, 'a number is missing', `Write ${example}.`);
    const suffixFrom = this.#at;
    const suffix = this.#take(/[^\s]*/y)?.[0] ?? '';
    const factor = Object.hasOwn(suffixes, suffix) ? suffixes[suffix] : undefined;
    if (factor === undefined) {
      const what = suffix === '' ? 'the number wants a unit' : `"${suffix}" is not a unit of it`;
      throw this.#wrong(suffixFrom, what, `Write ${example}.`);
    }
    this.#take(/\s*/y);
    if (this.#at < this.text.length) {
      throw this.#wrong(this.#at, 'there is more than one comparison', undefined);
    }
    return Number(digits) * factor;
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text);
    if (found === null) return undefined;
    this.#at = pattern.lastIndex;
    return found;
  }

  #wrong(at: number, what: string, hint: string | undefined): BadThreshold {
    return new BadThreshold(what, this.text, at, hint);
  }
}
