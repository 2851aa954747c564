/** A name goes into queue names and is shown in columns. Bytes. */
const MOST_NAME_BYTES = 100;
const MOST_HOST_BYTES = 64;
/** Celery's programs take lists of names with commas between, and cut a name at its "@". */
const UNFIT = /[\s\p{C},@]/gu;

/** What monitors call a worker of fairq: `fairq-name@host`, as Celery calls its workers `name@host`. */
export function nodeName(worker: string, host: string): string {
  return `${fitting(`fairq-${worker}`, MOST_NAME_BYTES)}@${fitting(host, MOST_HOST_BYTES)}`;
}

function fitting(text: string, most: number): string {
  let kept = '';
  let bytes = 0;
  for (const character of text.replace(UNFIT, '_')) {
    bytes += new TextEncoder().encode(character).length;
    if (bytes > most) break;
    kept += character;
  }
  return kept;
}

/** For whom a command is: those that it names, or those whose names match, or all. */
export interface Addressees {
  readonly destination: readonly string[] | undefined;
  readonly pattern: string | undefined;
  /** How the pattern is to be read. */
  readonly matcher: string | undefined;
}

/** @param matchesExpression whether a regular expression, which anybody may have written, matches the beginning of a text */
export function isAddressed(
  node: string,
  { destination, pattern, matcher }: Addressees,
  matchesExpression: (expression: string, text: string) => boolean,
): boolean {
  if (destination !== undefined) return destination.includes(node);
  if (pattern === undefined || matcher === undefined) return true;
  if (matcher === 'glob') return matchesGlob(pattern, node);
  return matcher === 'pcre' && matchesExpression(pattern, node);
}

/**
 * A pattern of file names as Python's `fnmatch` reads it: `*`, `?`, `[a-z]` and `[!a-z]`. Going back to the last star alone
 * is enough, and no pattern keeps the processor busy.
 */
function matchesGlob(pattern: string, text: string): boolean {
  const parts = pattern.match(/\[!?\]?[^\]]*\]|[\s\S]/gu) ?? [];
  const characters = [...text];
  let at = 0;
  let star = -1;
  let starAt = 0;
  for (let i = 0; i < characters.length; ) {
    if (parts[at] === '*') {
      star = at++;
      starAt = i;
    } else if (at < parts.length && matchesOne(parts[at]!, characters[i]!)) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++starAt;
    } else return false;
  }
  return parts.slice(at).every((part) => part === '*');
}

function matchesOne(part: string, character: string): boolean {
  if (part === '?' || part === character) return true;
  if (part.length < 3 || !part.startsWith('[')) return false;
  const isNot = part.startsWith('[!');
  const inside = [...part.slice(isNot ? 2 : 1, -1)];
  let isInside = false;
  for (let i = 0; i < inside.length; i++) {
    const from = inside[i]!;
    const isRange = inside[i + 1] === '-' && i + 2 < inside.length;
    const to = isRange ? inside[i + 2]! : from;
    if (from <= character && character <= to) isInside = true;
    if (isRange) i += 2;
  }
  return isInside !== isNot;
}
