/** All that is not a visible character: controls, escapes, direction marks, halves of surrogates, unassigned. */
const UNSHOWABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;
const NOT_ASCII = /[^\u0020-\u007e]/gu;

/**
 * A name as it may be put on a terminal. Users and queues are named by whoever publishes, so a name may
 * hold escape sequences, newlines and marks that turn the line around: these are shown as `\u{1b}`.
 * Without unicode everything beyond ASCII is shown so.
 */
export function safeText(text: string, unicode = true): string {
  const shown = text.replace(UNSHOWABLE, escaped);
  return unicode ? shown : shown.replace(NOT_ASCII, escaped);
}

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}

/** The same for what is said in lines of our own: their ends stay. */
export function safeLines(text: string): string {
  return text
    .split('\n')
    .map((line) => safeText(line))
    .join('\n');
}
