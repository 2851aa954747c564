/** It keeps a mark at the beginning, which is taken off by hand: it may be part of what follows it. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** Bytes at the beginning of a file that say that it is UTF-8, and are no part of its text. */
export function markLength(bytes: Uint8Array): number {
  return BYTE_ORDER_MARK.every((byte, index) => bytes[index] === byte) ? BYTE_ORDER_MARK.length : 0;
}

/** Why a file that begins so cannot be UTF-8; undefined where it can. */
export function otherEncoding(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes;
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return isUtf16 ? 'it is UTF-16, and has to be UTF-8' : undefined;
}

/**
 * A text from a file, which is UTF-8 with or without a byte order mark. Other bytes would be replaced without a word,
 * and two different names would become one.
 *
 * @throws Error which says where it is not
 */
export function decodeUtf8(bytes: Uint8Array): string {
  const other = otherEncoding(bytes);
  if (other !== undefined) throw new Error(other);
  try {
    return decoder.decode(bytes.subarray(markLength(bytes)));
  } catch (cause) {
    throw new Error(`${whereNotUtf8(bytes)} is not UTF-8`, { cause });
  }
}

function whereNotUtf8(bytes: Uint8Array): string {
  let line = 1;
  for (let from = 0; from <= bytes.length; line++) {
    const end = bytes.indexOf(0x0a, from);
    const to = end < 0 ? bytes.length : end;
    if (!isUtf8(bytes.subarray(from, to))) return `line ${line}`;
    from = to + 1;
  }
  return 'it';
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    decoder.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
