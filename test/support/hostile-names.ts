import fc from 'fast-check';

const UNITS = [
  ...['a', 'B', '7', ' ', '-', '\\', '%', '"'],
  // What a terminal obeys: escape, bell, backspace, line ends, the one-byte CSI, delete.
  ...[
    '\u001b[31m',
    '\u001b[2J',
    '\u001b]0;x\u0007',
    '\u001b',
    '\u0007',
    '\b',
    '\n',
    '\r',
    '\t',
    '\u009b',
    '\u007f',
    '\0',
  ],
  // What turns a line around or cannot be seen: direction marks, joiners, line separators, half a pair.
  ...['\u202e', '\u2066', '\u200f', '\u200b', '\u200d', '\ufeff', '\u2028', '\u00ad', '\ud800', '\udc00'],
  // What is not one column wide.
  ...['漢', '한', '😀', '🫠', '👍🏽', '🇩🇪', '❤️', 'e\u0301', '\u0301', 'ש', 'क्षि', 'ﷺ'],
];

/** Names that whoever publishes could choose. */
export const hostileName = fc.string({ unit: fc.constantFrom(...UNITS), minLength: 1, maxLength: 40 });

/** The codes of style.ts and no others, so that a name that brings its own is found out. */
const OUR_COLOURS = new RegExp(`${String.fromCharCode(27)}\\[(1|2|22|36|39|33|35|1;31|22;39)m`, 'g');
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

export function withoutColours(text: string): string {
  return text.replace(OUR_COLOURS, '');
}

/** What a terminal would obey, hide or turn around in this text, other than our colours and line ends. */
export function unsafeIn(text: string): string | undefined {
  return UNSAFE.exec(withoutColours(text).replaceAll('\n', ''))?.[0];
}

/** Names that a page would run, were they not text. */
export const HOSTILE_IN_PAGES = [
  '<img src=x onerror=alert(1)>',
  '</script><script>document.title="owned"</script>',
  '"><svg onload=alert(1)>',
  "' onmouseover='alert(1)",
  '<!-- {{constructor.constructor("alert(1)")()}}',
  '\u202egnp.exe',
  '名前 👩‍👩‍👧',
];
