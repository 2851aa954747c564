import { messageOf } from '../errors/errors.js';
import { LAST_DUE_MS, LONGEST_TASK_MS, LONGEST_USER, MOST_DAYS } from './bounds.js';

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
  const sentMs = numberIn(sentAt, 'envelope.sentAt', 'microseconds');
  return {
    user: userIn(user),
    dueMs: dueIn(line.dueMs),
    sentMs: sentMs === undefined ? undefined : sentMs / 1_000,
    durationMs: durationIn(line.durationMs ?? durationInPayload(line.payload)),
  };
}

const COLUMNS = ['user', 'dueMs', 'durationMs'] as const;

/** Lines of values with commas between, of which the first names the columns: user, dueMs and durationMs. */
export class ArrivalTable {
  readonly #columns: number;
  readonly #user: number;
  readonly #dueMs: number;
  readonly #durationMs: number;

  /** @throws Error where the line of headings has no user */
  constructor(headings: string) {
    const columns = cellsOf(headings).map((cell) => cell.trim());
    const [user, dueMs, durationMs] = COLUMNS.map((column) => columns.indexOf(column));
    if (user! < 0) throw new Error('the first line names no column "user"');
    const twice = COLUMNS.find((column) => columns.indexOf(column) < columns.lastIndexOf(column));
    if (twice !== undefined) throw new Error(`the first line names the column "${twice}" twice`);
    checkSpelling(columns);
    this.#columns = columns.length;
    [this.#user, this.#dueMs, this.#durationMs] = [user!, dueMs!, durationMs!];
  }

  /** @throws Error with what is wrong with the line */
  parse(source: string): ArrivalLine {
    const cells = cellsOf(source);
    const user = cells[this.#user] ?? '';
    if (user === '') throw new Error('it has no user');
    if (cells.length > this.#columns)
      throw new Error(`it has ${cells.length} values, and the first line names ${this.#columns} columns`);
    return {
      user: userIn(user),
      dueMs: dueIn(numberOf(cells[this.#dueMs])),
      sentMs: undefined,
      durationMs: durationIn(numberOf(cells[this.#durationMs])),
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

/** A column that is nearly called like one of ours would be left out without a word, and all arrive at once. */
function checkSpelling(columns: readonly string[]): void {
  for (const column of columns) {
    const plain = column.toLowerCase().replaceAll(/[^a-z]/g, '');
    const meant = { due: 'dueMs', duems: 'dueMs', duration: 'durationMs', durationms: 'durationMs' }[plain];
    if (meant !== undefined && meant !== column && !columns.includes(meant))
      throw new Error(`the column "${column}" is not known: call it ${meant}, in milliseconds`);
  }
}

function userIn(user: string): string {
  if (user.length > LONGEST_USER)
    throw new Error(`the user has ${user.length} characters, more than ${LONGEST_USER}`);
  return user;
}

function dueIn(value: unknown): number | undefined {
  const ms = numberIn(value, 'dueMs');
  if (ms !== undefined && ms > LAST_DUE_MS)
    throw new Error(
      `dueMs: ${ms} is after more than ${MOST_DAYS} days: count from the first task, not from 1970`,
    );
  return ms;
}

function durationIn(value: unknown): number | undefined {
  const ms = numberIn(value, 'durationMs');
  if (ms !== undefined && ms > LONGEST_TASK_MS)
    throw new Error(
      `durationMs: ${ms} is more than ${LONGEST_TASK_MS} (${LONGEST_TASK_MS / 86_400_000} days)`,
    );
  return ms;
}

/** Of digits: what else `Number` takes was hardly meant. */
function numberOf(cell: string | undefined): number | undefined {
  const text = cell?.trim() ?? '';
  if (text === '') return undefined;
  return /^[-+]?\d*\.?\d+(?:e[-+]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
}

function numberIn(value: unknown, what: string, of = 'milliseconds'): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !(value >= 0 && value < Number.POSITIVE_INFINITY))
    throw new Error(`${what}: not a number of ${of}, 0 or more`);
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
