/** A pattern over whole names: `*` stands for any text, `?` for one character, all else for itself. */
export interface Glob {
  readonly pattern: string;
  /** What stands before the first wildcard. */
  readonly literalStart: string;
  matches(text: string): boolean;
}

export function glob(pattern: string): Glob {
  const parts = [...pattern];
  return {
    pattern,
    literalStart: pattern.split(/[*?]/, 1)[0] ?? '',
    matches: (text) => matches(parts, [...text]),
  };
}

/** Of two patterns that match the one with the higher number counts. */
export function exactness({ pattern }: Glob): number {
  const literal = pattern.replace(/[*?]/g, '').length;
  return literal === pattern.length ? Number.POSITIVE_INFINITY : literal;
}

/**
 * As a regular expression, a pattern with many stars could keep the processor busy for ever; other workers
 * send us theirs. Going back to the last star alone is enough, since an earlier one could gain nothing.
 */
function matches(pattern: readonly string[], text: readonly string[]): boolean {
  let at = 0;
  let star = -1;
  let starAt = 0;
  for (let i = 0; i < text.length; ) {
    if (pattern[at] === '*') {
      star = at++;
      starAt = i;
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[i])) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++starAt;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}
