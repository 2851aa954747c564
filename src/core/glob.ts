/** A pattern over whole names: `*` stands for any text, `?` for one character, all else for itself. */
export interface Glob {
  readonly pattern: string;
  /** What stands before the first wildcard. */
  readonly literalStart: string;
  matches(text: string): boolean;
}

export function glob(pattern: string): Glob {
  const source = [...pattern]
    .map((character) => {
      if (character === '*') return '.*';
      if (character === '?') return '.';
      return character.replace(/[\\^$.|+()[\]{}/]/g, '\\$&');
    })
    .join('');
  const expression = new RegExp(`^${source}$`, 'su');
  return {
    pattern,
    literalStart: pattern.split(/[*?]/, 1)[0] ?? '',
    matches: (text) => expression.test(text),
  };
}
