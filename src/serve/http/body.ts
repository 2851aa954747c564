import { messageOf } from '../../core/errors/errors.js';
import { Problem } from './problem.js';

export interface BodyLimits {
  readonly mostBytes: number;
  /** All of it has come by then; milliseconds. */
  readonly withinMs: number;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/**
 * Reads a body whole. What it says of its length is believed only where it says too much: one in chunks is counted.
 *
 * @throws Problem 400, 408, 413
 */
export async function readText(request: Request, { mostBytes, withinMs }: BodyLimits): Promise<string> {
  if (Number(request.headers.get('content-length') ?? 0) > mostBytes) throw tooLarge(mostBytes);
  const { body } = request;
  if (body === null) return '';
  const reader = body.getReader();
  const pieces: Uint8Array[] = [];
  let size = 0;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooSlow(withinMs)), withinMs);
  });
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late]);
      if (done) break;
      size += value.byteLength;
      if (size > mostBytes) throw tooLarge(mostBytes);
      pieces.push(value);
    }
  } catch (error) {
    reader.cancel().catch(() => {}); // whoever sends is told why by the answer
    if (error instanceof Problem) throw error;
    throw new Problem(400, 'body-cut-off', 'The body did not come to its end', messageOf(error));
  } finally {
    clearTimeout(timer);
  }
  try {
    return decoder.decode(Buffer.concat(pieces));
  } catch {
    throw new Problem(400, 'not-utf8', 'The body is not valid UTF-8');
  }
}

/** @throws Problem 400, 415 */
export function parseJson(request: Request, text: string): unknown {
  const type = (request.headers.get('content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new Problem(
      415,
      'not-json',
      'The body has to be application/json',
      type === '' ? 'The header Content-Type is missing.' : `The header Content-Type says "${type}".`,
    );
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const detail = text.trim() === '' ? 'The body is empty.' : `${messageOf(error)}.`;
    throw new Problem(400, 'bad-json', 'The body is no JSON', detail);
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

function tooSlow(withinMs: number): Problem {
  return new Problem(
    408,
    'body-too-slow',
    'The body came too slowly',
    `All of it has to come within ${withinMs / 1000} s.`,
    { headers: { connection: 'close' } },
  );
}
