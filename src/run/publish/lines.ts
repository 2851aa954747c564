import { isUtf8 } from 'node:buffer';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { markLength, otherEncoding } from '../../core/values/utf8.js';
import { BadLine } from './bad-line.js';

/** A line that is longer would not fit into a message. Bytes. */
const MOST_LINE_BYTES = 256 * 1024 * 1024;
const NEWLINE = 0x0a;

const IN_UTF8 = 'Write it in UTF-8: "iconv -f LATIN1 -t UTF-8 FILE" does so with a file in Latin-1.';
const TOO_LONG = 'No message holds so much: split the payload, or send where it is to be found.';
const CUT_OFF =
  'The compressed data end in the middle: the file was cut off, or is still written. Make it or copy it again; "gzip -t FILE" tests it.';
const DAMAGED = 'The compressed data are damaged. Make the file or copy it again; "gzip -t FILE" tests it.';

/** Some lines that follow each other. */
export interface Lines {
  /** Number of the first, from 1. */
  readonly first: number;
  readonly texts: readonly string[];
}

/**
 * The lines of a text, as they come. It is UTF-8, with or without a byte order mark, and may be compressed by gzip,
 * which shows in its first bytes.
 *
 * @throws BadLine where it is no UTF-8
 */
export async function* linesOf(source: AsyncIterable<Buffer>): AsyncGenerator<Lines> {
  let rest: Buffer[] = [];
  let restLength = 0;
  let first = 1;
  let isBeginning = true;
  const chunks = unzipped(source);
  for (;;) {
    const { done, value: chunk } = await chunks.next().catch((error) => {
      throw error instanceof NotGzip
        ? new BadLine(first, `gzip: ${error.message}`, { hint: error.hint, cause: error })
        : error;
    });
    if (done === true) break;
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      const block = Buffer.concat([...rest, chunk.subarray(0, end)]);
      const texts = textOf(block, first, isBeginning).split('\n');
      texts.pop(); // after the last line break
      yield { first, texts };
      first += texts.length;
      isBeginning = false;
      rest = [];
      restLength = 0;
    }
    if (end < chunk.length) rest.push(chunk.subarray(end));
    restLength += chunk.length - end;
    if (restLength > MOST_LINE_BYTES)
      throw new BadLine(first, 'it has more than 256 MiB', { hint: TOO_LONG });
  }
  if (restLength > 0) yield { first, texts: [textOf(Buffer.concat(rest), first, isBeginning)] };
}

function textOf(block: Buffer, first: number, isBeginning: boolean): string {
  const other = isBeginning ? otherEncoding(block) : undefined;
  if (other !== undefined) throw new BadLine(first, other, { hint: IN_UTF8 });
  if (!isUtf8(block)) throw new BadLine(first + wrongLine(block), 'not UTF-8', { hint: IN_UTF8 });
  return block.toString('utf8', isBeginning ? markLength(block) : 0);
}

/** How many lines are before the one that is no UTF-8. */
function wrongLine(block: Buffer): number {
  let from = 0;
  for (let index = 0; ; index++) {
    const at = block.indexOf(NEWLINE, from);
    const to = at < 0 ? block.length : at;
    if (!isUtf8(block.subarray(from, to)) || at < 0) return index;
    from = to + 1;
  }
}

async function* unzipped(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < 2) {
    const { done, value } = await chunks.next();
    if (done === true) break;
    head = Buffer.concat([head, value]);
    // A line that is complete is not kept waiting for another byte.
    if (head.includes(NEWLINE)) break;
  }
  const all = (async function* () {
    if (head.length > 0) yield head;
    yield* { [Symbol.asyncIterator]: () => chunks };
  })();
  const isCompressed = head[0] === 0x1f && head[1] === 0x8b;
  if (!isCompressed) {
    yield* all;
    return;
  }
  const text = createGunzip();
  pipeline(Readable.from(all), text, () => {}); // whoever reads the text is told
  try {
    for await (const chunk of text) yield chunk as Buffer;
  } catch (error) {
    throw isOfZlib(error) ? new NotGzip(error) : error;
  }
}

class NotGzip extends Error {
  readonly hint: string;

  constructor(cause: ZlibError) {
    super(cause.message, { cause });
    this.hint = cause.code === 'Z_BUF_ERROR' ? CUT_OFF : DAMAGED;
  }
}

interface ZlibError extends Error {
  readonly code: string;
}

function isOfZlib(error: unknown): error is ZlibError {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
}
