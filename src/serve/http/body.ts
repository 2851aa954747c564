import { messageOf } from '../../core/errors/errors.js';
import { deferred } from '../../core/values/deferred.js';
import { BodyPieces, tooSlow } from './body-pieces.js';
import { GrowingBytes } from './growing-bytes.js';
import { Problem } from './problem.js';

export interface BodyLimits {
  readonly mostBytes: number;
  /** All of it has come by then; of a batch, the next piece. Milliseconds. */
  readonly withinMs: number;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/**
 * Reads a body whole. What it says of its length is believed only where it says too much: one in chunks is counted.
 *
 * @throws Problem 400, 408, 413
 */
export async function readText(request: Request, { mostBytes, withinMs }: BodyLimits): Promise<string> {
  const length = Number(request.headers.get('content-length') ?? Number.NaN);
  if (length > mostBytes) throw tooLarge(mostBytes);
  return decoded(
    Number.isNaN(length)
      ? await readInPieces(request, { mostBytes, withinMs })
      : await readAtOnce(request, withinMs),
  );
}

function decoded(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Problem(400, 'not-utf8', 'The body is not valid UTF-8');
  }
}

/** A body whose length is known and is not too much: no stream is made of it, which would cost a fifth of a request. */
async function readAtOnce(request: Request, withinMs: number): Promise<Uint8Array> {
  const read = request.arrayBuffer();
  const late = deferred<never>();
  const timer = setTimeout(() => late.reject(tooSlow(inAll(withinMs))), withinMs);
  read.catch(() => {}); // it may be cut off when nobody waits any more
  try {
    return new Uint8Array(await Promise.race([read, late.promise]));
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(400, 'body-cut-off', 'The body did not come to its end', messageOf(error));
  } finally {
    clearTimeout(timer);
  }
}

async function readInPieces(request: Request, { mostBytes, withinMs }: BodyLimits): Promise<Uint8Array> {
  const { body } = request;
  if (body === null) return new Uint8Array();
  const pieces = new BodyPieces(body, Number.POSITIVE_INFINITY);
  const bytes = new GrowingBytes();
  const timer = setTimeout(() => pieces.stop(tooSlow(inAll(withinMs))), withinMs);
  try {
    for (;;) {
      const piece = await pieces.next();
      if (piece === undefined) break;
      if (bytes.length + piece.length > mostBytes) throw tooLarge(mostBytes);
      bytes.append(piece);
    }
  } catch (error) {
    pieces.close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return bytes.take();
}

function inAll(withinMs: number): string {
  return `All of it has to come within ${withinMs / 1000} s.`;
}

/** @throws Problem 400, 415 */
export function parseJson(request: Request, text: string): unknown {
  checkType(request, 'application/json');
  return parsedJson(text, 'body');
}

/** @throws Problem 415 */
export function checkType(request: Request, wanted: 'application/json' | 'application/x-ndjson'): void {
  const encoding = request.headers.get('content-encoding') ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    const detail = `The header Content-Encoding says ${JSON.stringify(encoding)}.`;
    throw new Problem(415, 'encoded-body', 'A body is taken as it is, and not compressed', detail);
  }
  const type = (request.headers.get('content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase();
  if (type === wanted) return;
  const title = `The body has to be ${wanted}`;
  const detail =
    type === ''
      ? 'The header Content-Type is missing.'
      : `The header Content-Type says ${JSON.stringify(type)}.`;
  if (wanted === 'application/json') throw new Problem(415, 'not-json', title, detail);
  throw new Problem(415, 'not-ndjson', title, detail);
}

/**
 * @param what it is, for people
 * @throws Problem 400
 */
export function parsedJson(text: string, what: 'body' | 'line'): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const detail = text.trim() === '' ? `The ${what} is empty.` : `${messageOf(error)}.`;
    throw new Problem(400, 'bad-json', `The ${what} is no JSON`, detail);
  }
}

function tooLarge(mostBytes: number): Problem {
  return new Problem(
    413,
    'body-too-large',
    'The body is too large',
    `At most ${mostBytes} bytes are taken.`,
    {
      headers: { connection: 'close' },
    },
  );
}
