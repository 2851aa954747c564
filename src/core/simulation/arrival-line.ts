import { messageOf } from '../errors/errors.js';

/** A task as a line of a file says it. What it does not say is undefined. */
export interface ArrivalLine {
  readonly user: string;
  /** Milliseconds from the beginning. */
  readonly dueMs: number | undefined;
  /** When it was sent, milliseconds since the epoch: of a task that was saved. */
  readonly sentMs: number | undefined;
  readonly durationMs: number | undefined;
}

/**
 * A line as `fairq publish --from` takes it, `{"user", "queue", "task", "payload"}`, with "dueMs" and "durationMs" beside.
 * A duration may be in the payload, as of the task "sleep", and when it was sent in the envelope, as of a saved task.
 *
 * @throws Error with what is wrong with it
 */
export function parseArrivalLine(source: string): ArrivalLine {
  const line = objectIn(parsedJson(source));
  if (line === undefined) throw new Error('not an object');
  const user = line.user ?? line.queue;
  if (typeof user !== 'string' || user === '') throw new Error('it has neither a user nor a queue');
  const sentAt = objectIn(line.envelope)?.sentAt;
  const sentMs = numberIn(sentAt, 'envelope.sentAt');
  return {
    user,
    dueMs: numberIn(line.dueMs, 'dueMs'),
    sentMs: sentMs === undefined ? undefined : sentMs / 1_000,
    durationMs: numberIn(line.durationMs ?? durationInPayload(line.payload), 'durationMs'),
  };
}

/** Lines of values with commas between, of which the first names the columns: user, dueMs and durationMs. */
export class ArrivalTable {
  readonly #user: number;
  readonly #dueMs: number;
  readonly #durationMs: number;

  /** @throws Error where the line of headings has no user */
  constructor(headings: string) {
    const columns = cellsOf(headings).map((cell) => cell.trim());
    this.#user = columns.indexOf('user');
    this.#dueMs = columns.indexOf('dueMs');
    this.#durationMs = columns.indexOf('durationMs');
    if (this.#user < 0) throw new Error('the first line names no column "user"');
  }

  /** @throws Error with what is wrong with the line */
  parse(source: string): ArrivalLine {
    const cells = cellsOf(source);
    const user = cells[this.#user] ?? '';
    if (user === '') throw new Error('it has no user');
    return {
      user,
      dueMs: numberOf(cells[this.#dueMs], 'dueMs'),
      sentMs: undefined,
      durationMs: numberOf(cells[this.#durationMs], 'durationMs'),
    };
  }
}

function parsedJson(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch (error) {
    throw new Error(`not JSON (${messageOf(error)})`, { cause: error });
  }
}

function objectIn(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.fromEntries(Object.entries(value));
}

/** A saved payload is a text, maybe of JSON. */
function durationInPayload(payload: unknown): unknown {
  if (typeof payload !== 'string' || !payload.includes('durationMs')) return objectIn(payload)?.durationMs;
  try {
    return objectIn(JSON.parse(payload))?.durationMs;
  } catch {
    return undefined;
  }
}

function numberOf(cell: string | undefined, what: string): number | undefined {
  return cell === undefined || cell.trim() === '' ? undefined : numberIn(Number(cell), what);
}

function numberIn(value: unknown, what: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !(value >= 0 && value < Number.POSITIVE_INFINITY))
    throw new Error(`${what}: not a number of milliseconds, 0 or more`);
  return value;
}

/** As RFC 4180 has them, on one line. */
function cellsOf(source: string): string[] {
  const line = source.endsWith('\r') ? source.slice(0, -1) : source;
  if (!line.includes('"')) return line.split(',');
  const cells: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^,"]*))(,|$)/y;
  for (;;) {
    const match = cell.exec(line);
    if (match === null) throw new Error('a quotation mark is not closed, or stands inside of a value');
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '') return cells;
  }
}
