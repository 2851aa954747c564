/**
 * JSON that goes on as it was written. JavaScript has one kind of number: `1234567890123456789` is parsed as another
 * number, and `1e400` as none. So what passes through is never parsed and written again, but cut out.
 */
export class WrittenJson {
  /** @param text one JSON value on one line, without blanks around it */
  constructor(readonly text: string) {}

  /** Of JSON that parses. Line breaks stand between values alone, inside of a text they are escapes. */
  static of(source: string): WrittenJson {
    return new WrittenJson(source.trim().replace(/[\r\n]+/g, ' '));
  }
}

/** A parsed value, or the text that it was parsed from where the value alone would be written in another way. */
export function asWritten(value: unknown, text: string | undefined): unknown {
  return text === undefined || JSON.stringify(value) === text ? value : new WrittenJson(text);
}

/**
 * The value of a member of an object, as it was written; of several with this name the last, as `JSON.parse` takes it.
 *
 * @param source JSON that parses, an object
 */
export function memberText(source: string, name: string): string | undefined {
  let found: string | undefined;
  let at = skipBlanks(source, source.indexOf('{') + 1);
  while (source[at] === '"') {
    const endOfName = endOfValue(source, at);
    const from = skipBlanks(source, source.indexOf(':', endOfName) + 1);
    const to = endOfValue(source, from);
    if (isNamed(source.slice(at, endOfName), name)) found = source.slice(from, to);
    at = skipBlanks(source, to);
    if (source[at] !== ',') break;
    at = skipBlanks(source, at + 1);
  }
  return found;
}

/**
 * The elements of an array, as they were written.
 *
 * @param source JSON that parses, an array
 */
export function elementTexts(source: string): string[] {
  const texts: string[] = [];
  let at = skipBlanks(source, source.indexOf('[') + 1);
  while (source[at] !== ']') {
    const to = endOfValue(source, at);
    texts.push(source.slice(at, to));
    at = skipBlanks(source, to);
    if (source[at] !== ',') break;
    at = skipBlanks(source, at + 1);
  }
  return texts;
}

/** `JSON.stringify` of a document, some members of which may be a `WrittenJson`. */
export function jsonText(document: object): string {
  const members: string[] = [];
  for (const [name, value] of Object.entries(document)) {
    const text = value instanceof WrittenJson ? value.text : JSON.stringify(value);
    if (text !== undefined) members.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${members.join(',')}}`;
}

function isNamed(written: string, name: string): boolean {
  return written.includes('\\') ? JSON.parse(written) === name : written.slice(1, -1) === name;
}

/** Where the value that begins there ends. */
function endOfValue(source: string, from: number): number {
  const first = source[from];
  if (first === '"') return endOfText(source, from);
  if (first === '{' || first === '[') return endOfNested(source, from);
  END_OF_PLAIN.lastIndex = from;
  return END_OF_PLAIN.exec(source)?.index ?? source.length;
}

const END_OF_PLAIN = /[\s,\]}]/g;
/** What matters inside of an object or an array. */
const MARK = /["{}[\]]/g;

function endOfText(source: string, from: number): number {
  for (let at = source.indexOf('"', from + 1); at >= 0; at = source.indexOf('"', at + 1)) {
    let slashes = 0;
    while (source[at - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return at + 1;
  }
  return source.length;
}

function endOfNested(source: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < source.length) {
    MARK.lastIndex = at;
    const mark = MARK.exec(source);
    if (mark === null) break;
    at = mark.index;
    if (mark[0] === '"') {
      at = endOfText(source, at);
      continue;
    }
    depth += mark[0] === '{' || mark[0] === '[' ? 1 : -1;
    at++;
    if (depth === 0) return at;
  }
  return source.length;
}

function skipBlanks(source: string, from: number): number {
  let at = from;
  while (BLANKS.has(source.charCodeAt(at))) at++;
  return at;
}

const BLANKS = new Set([0x20, 0x09, 0x0a, 0x0d]);
