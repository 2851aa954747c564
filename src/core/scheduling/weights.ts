import { exactness, type Glob } from '../values/glob.js';

/** `--weight A=3`: users whose names match have this share against the others. */
export interface WeightRule {
  readonly pattern: Glob;
  readonly weight: number;
}

/** What a user's weight is, and by which rule: undefined where none matches, and it is 1. */
export interface FoundWeight {
  readonly weight: number;
  readonly rule: WeightRule | undefined;
  /** Rules that match, too, and are less exact. */
  readonly passedOver: readonly WeightRule[];
}

/** Every user's weight, by name or by glob. A name beats a glob; of two globs the one with more literal text. */
export class Weights {
  readonly #rules: readonly WeightRule[];
  readonly #unused: Set<WeightRule>;

  constructor(rules: readonly WeightRule[] = []) {
    this.#rules = [...rules].sort((a, b) => exactness(b.pattern) - exactness(a.pattern));
    this.#unused = new Set(this.#rules);
  }

  find(user: string): FoundWeight {
    const [rule, ...passedOver] = this.#rules.filter(({ pattern }) => pattern.matches(user));
    for (const one of [rule, ...passedOver]) if (one) this.#unused.delete(one);
    return { weight: rule?.weight ?? 1, rule, passedOver };
  }

  /** Rules that have matched no user yet, most exact first. */
  get unused(): readonly WeightRule[] {
    return this.#rules.filter((rule) => this.#unused.has(rule));
  }
}

/** A rule in the words in which it was given. */
export function describeRule({ pattern, weight }: WeightRule): string {
  return `${pattern.pattern}=${weight}`;
}
