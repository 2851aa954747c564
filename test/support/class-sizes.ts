/**
 * Finds classes in the text of a file by its indentation: biome formats the code, so a class begins and ends in
 * the first column, and each parameter of a constructor that does not fit on its line has a line of its own.
 */
export interface FoundClass {
  readonly name: string;
  /** From `class` to its last brace. */
  readonly lines: number;
  /** Parameters of its constructor; 0 where it has none. */
  readonly parameters: number;
  /** What the comment above the class says after "long because:". */
  readonly longBecause: string | undefined;
  /** What the comment above the constructor says after "many because:". */
  readonly manyBecause: string | undefined;
}

const CLASS = /^(?:export )?(?:default )?(?:abstract )?class (\w+)/;
const CONSTRUCTOR = /^ {2}(?:private |protected |public )?constructor\((.*)$/;
const COMMENT = /^\s*(?:\/\/|\/\*|\*)/;

export function classesIn(text: string): FoundClass[] {
  const lines = text.split('\n');
  return lines.flatMap((line, at) => {
    const name = CLASS.exec(line)?.[1];
    if (name === undefined) return [];
    const end = lines.findIndex((candidate, i) => i >= at && /^}|^(?:export )?.*class .*{}$/.test(candidate));
    const body = lines.slice(at, end + 1);
    const constructorAt = body.findIndex((candidate) => CONSTRUCTOR.test(candidate));
    return {
      name,
      lines: body.length,
      parameters: constructorAt < 0 ? 0 : parametersAt(body, constructorAt),
      longBecause: reasonAbove(lines, at, 'long because:'),
      manyBecause: constructorAt < 0 ? undefined : reasonAbove(lines, at + constructorAt, 'many because:'),
    };
  });
}

function parametersAt(lines: readonly string[], at: number): number {
  const rest = CONSTRUCTOR.exec(lines[at]!)![1]!;
  if (rest !== '') return topLevelParts(rest.slice(0, closingParenthesis(rest)));
  const end = lines.findIndex((line, i) => i > at && /^ {2}\)/.test(line));
  // Lines of comments, of a parameter's own type, and its closing brace begin otherwise.
  return lines.slice(at + 1, end).filter((line) => /^ {4}[\w{[]/.test(line)).length;
}

function closingParenthesis(text: string): number {
  let depth = 1;
  for (let i = 0; i < text.length; i++) {
    if ('([{<'.includes(text[i]!)) depth++;
    else if (')]}'.includes(text[i]!) || (text[i] === '>' && text[i - 1] !== '=')) depth--;
    if (depth === 0) return i;
  }
  return text.length;
}

/** How many parts commas make of a text, but for commas inside of brackets. */
function topLevelParts(text: string): number {
  if (text.trim() === '') return 0;
  let depth = 0;
  let parts = 1;
  for (const [i, character] of [...text].entries()) {
    if ('([{<'.includes(character)) depth++;
    else if (')]}'.includes(character) || (character === '>' && text[i - 1] !== '=')) depth--;
    else if (character === ',' && depth === 0) parts++;
  }
  return parts;
}

/** In the comments that stand directly above a line. */
function reasonAbove(lines: readonly string[], at: number, marker: string): string | undefined {
  for (let i = at - 1; i >= 0 && COMMENT.test(lines[i]!); i--) {
    const found = lines[i]!.indexOf(marker);
    const reason =
      found < 0
        ? ''
        : lines[i]!.slice(found + marker.length)
            .replace(/\*\/$/, '')
            .trim();
    if (reason !== '') return reason;
  }
  return undefined;
}
