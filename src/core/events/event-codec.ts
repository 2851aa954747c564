import { readTraceparent } from '../message/trace-context.js';
import { parsedObject } from '../values/parsed-object.js';
import { isClockTime, isWithin, MOST_ATTEMPTS } from '../values/sane-numbers.js';
import type { AboutTask, AnnouncedTask, Outcome, PublishedIds, RunRecord, TaskEvent } from './task-event.js';

/**
 * The two bodies in the event stream, as JSON: a batch of completions in columns (users, runs and
 * the worker are named once, times are differences in microseconds), and a run record. Columns make
 * a completion about 70 bytes, and cheap to write and to read by the million.
 */
export const COMPLETIONS = 'fairq.completions';
export const RUN_RECORD = 'fairq.run';
/** Before a publisher sends: which ids are those of its tasks. */
export const PUBLISHED_IDS = 'fairq.ids';
/** First in a stream that fairq has made: history begins here. */
export const BEGINNING = 'fairq.beginning';

const SCHEMA = 1;
/** Written by their place here: new ones come last. */
const OUTCOMES: readonly Outcome[] = ['done', 'failed', 'retrying'];

interface Columns {
  v: number;
  worker: string;
  users: string[];
  runs: string[];
  /** Enqueued time of the first event; the others count from it. */
  base: number;
  id: string[];
  user: number[];
  run: number[];
  seq: number[];
  attempt: number[];
  outcome: number[];
  /** Enqueued − base, started − enqueued, finished − started. */
  enqueued: number[];
  waited: number[];
  took: number[];
  redelivered: number[];
  /** Sent so much after `enqueued`; there only where one of them was. */
  late?: number[];
  /** Has a result; there only where one of them has. */
  kept?: number[];
  /** Its traceparent, or nothing; there only where one of them has one. */
  trace?: string[];
}

/** Collects completions of one worker until they are written as one message. */
export class CompletionBatch {
  readonly #worker: string;
  #columns: Columns;
  #userIndex = new Map<string, number>();
  #runIndex = new Map<string, number>();

  constructor(worker: string) {
    this.#worker = worker;
    this.#columns = emptyColumns(worker);
  }

  get size(): number {
    return this.#columns.id.length;
  }

  add(event: TaskEvent): void {
    const columns = this.#columns;
    if (columns.id.length === 0) columns.base = event.enqueued;
    columns.id.push(event.id);
    columns.user.push(indexIn(this.#userIndex, columns.users, event.user));
    columns.run.push(indexIn(this.#runIndex, columns.runs, event.run));
    columns.seq.push(event.sequence);
    columns.attempt.push(event.attempt);
    columns.outcome.push(OUTCOMES.indexOf(event.outcome));
    columns.enqueued.push(event.enqueued - columns.base);
    columns.waited.push(event.started - event.enqueued);
    columns.took.push(event.finished - event.started);
    columns.redelivered.push(event.redelivered ? 1 : 0);
    if (event.sentLate > 0) {
      columns.late ??= [];
      columns.late[columns.id.length - 1] = event.sentLate;
    }
    if (event.hasResult) {
      columns.kept ??= [];
      columns.kept[columns.id.length - 1] = 1;
    }
    if (event.traceparent !== undefined) {
      columns.trace ??= [];
      columns.trace[columns.id.length - 1] = event.traceparent;
    }
  }

  /** The batch as a message body; the batch is empty afterwards. */
  take(): string {
    const { id, late, kept, trace } = this.#columns;
    // Those that were on time, or have none, have left holes.
    if (late !== undefined) this.#columns.late = Array.from(id, (_, i) => late[i] ?? 0);
    if (kept !== undefined) this.#columns.kept = Array.from(id, (_, i) => kept[i] ?? 0);
    if (trace !== undefined) this.#columns.trace = Array.from(id, (_, i) => trace[i] ?? '');
    const body = JSON.stringify(this.#columns);
    this.#columns = emptyColumns(this.#worker);
    this.#userIndex = new Map();
    this.#runIndex = new Map();
    return body;
  }
}

/** The completions of one message, or undefined for a body that no version of fairq has written. */
export function decodeCompletions(body: string): TaskEvent[] | undefined {
  const columns = parsedObject(body);
  if (!isColumns(columns)) return undefined;
  const events: TaskEvent[] = [];
  for (let i = 0; i < columns.id.length; i++) {
    const event = eventAt(columns, i);
    if (event === undefined) return undefined;
    events.push(event);
  }
  return events;
}

/** Undefined where a field is out of its range: whatever is calculated with it would make no sense. */
function eventAt(columns: Columns, i: number): TaskEvent | undefined {
  const user = columns.users[columns.user[i]!];
  const run = columns.runs[columns.run[i]!];
  const outcome = OUTCOMES[columns.outcome[i]!];
  const sequence = columns.seq[i]!;
  const attempt = columns.attempt[i]!;
  if (user === undefined || run === undefined || outcome === undefined) return undefined;
  if (!isWithin(sequence, 0, Number.MAX_SAFE_INTEGER) || !isWithin(attempt, 1, MOST_ATTEMPTS))
    return undefined;
  const enqueued = columns.base + columns.enqueued[i]!;
  const started = enqueued + columns.waited[i]!;
  const finished = started + columns.took[i]!;
  const sentLate = columns.late?.[i] ?? 0;
  if (!isClockTime(enqueued) || !isClockTime(started) || !isClockTime(finished)) return undefined;
  if (!isWithin(sentLate, 0, Number.MAX_SAFE_INTEGER)) return undefined;
  return {
    id: columns.id[i]!,
    user,
    run,
    sequence,
    attempt,
    outcome,
    worker: columns.worker,
    enqueued,
    sentLate,
    started,
    finished,
    redelivered: columns.redelivered[i] === 1,
    hasResult: columns.kept?.[i] === 1,
    traceparent: readTraceparent(columns.trace?.[i]),
  };
}

/** @param at microseconds since the epoch */
export function encodeBeginning(at: number): string {
  return JSON.stringify({ v: SCHEMA, at });
}

export function decodeBeginning(body: string): number | undefined {
  const value = parsedObject(body);
  return value?.v === SCHEMA && typeof value.at === 'number' ? value.at : undefined;
}

/** Ids in one record. */
const IDS_PER_RECORD = 2_000;

/** Texts; when a task is due is a number. */
const ABOUT = ['user', 'run', 'task', 'queue'] as const satisfies readonly (keyof AboutTask)[];

/** A record of the series, and as many of single tasks as it takes: those are columns, in which each text is named once. */
export function encodePublishedIds({ series, at, all, ended, tasks = [] }: PublishedIds): string[] {
  const bodies =
    series === undefined ? [] : [JSON.stringify({ v: SCHEMA, series, at, ...all, ...(ended && { ended }) })];
  for (let from = 0; from < tasks.length; from += IDS_PER_RECORD) {
    const some = tasks.slice(from, from + IDS_PER_RECORD);
    const texts: string[] = [];
    const index = new Map<string, number>();
    const columns = ABOUT.flatMap((name): [string, number[]][] => {
      if (some.every((task) => task[name] === undefined)) return [];
      const places = some.map((task) => {
        const text = task[name];
        return text === undefined ? -1 : indexIn(index, texts, text);
      });
      return [[name, places]];
    });
    const ids = some.map(({ id }) => id);
    const due = some.some((task) => task.due !== undefined) && { due: some.map((task) => task.due ?? null) };
    bodies.push(JSON.stringify({ v: SCHEMA, at, ids, texts, ...Object.fromEntries(columns), ...due }));
  }
  return bodies;
}

/** What makes no sense in it is left out: older publishers have written ids alone. */
export function decodePublishedIds(body: string): PublishedIds | undefined {
  const value = parsedObject(body);
  if (value?.v !== SCHEMA) return undefined;
  const { series, at, ended, ids, texts } = value;
  const when = isClockTime(at) && { at };
  if (typeof series === 'string') {
    const all = Object.fromEntries(
      ABOUT.flatMap((name) => (typeof value[name] === 'string' ? [[name, value[name]]] : [])),
    ) as AboutTask;
    return {
      series,
      ...when,
      ...(Object.keys(all).length > 0 && { all }),
      ...(ended === true && { ended }),
    };
  }
  if (!isArrayOf(ids, 'string')) return { ...when };
  const named = isArrayOf(texts, 'string') ? texts : [];
  const dues = Array.isArray(value.due) ? value.due : [];
  const tasks = ids.map((id, i) => {
    const about = ABOUT.flatMap((name) => {
      const column = value[name];
      const text = Array.isArray(column) ? named[Number(column[i])] : undefined;
      return text === undefined ? [] : [[name, text]];
    });
    const due = isClockTime(dues[i]) && { due: dues[i] };
    return { id, ...Object.fromEntries(about), ...due } as AnnouncedTask;
  });
  return { ...when, tasks };
}

/** Users in one record: keeps its message small however many there are. */
const USERS_PER_RECORD = 2_000;

export function encodeRunRecords(record: RunRecord): string[] {
  const tasks = [...record.tasks];
  const bodies: string[] = [];
  for (let from = 0; from === 0 || from < tasks.length; from += USERS_PER_RECORD) {
    bodies.push(
      JSON.stringify({
        v: SCHEMA,
        run: record.run,
        record: `${record.record}.${bodies.length}`,
        started: record.started,
        finished: record.finished,
        tasks: tasks.slice(from, from + USERS_PER_RECORD),
        ...(record.queues && { queues: record.queues }),
      }),
    );
  }
  return bodies;
}

export function decodeRunRecord(body: string): RunRecord | undefined {
  const value = parsedObject(body);
  return value?.v === SCHEMA ? runRecordOf(value) : undefined;
}

/** Undefined where a field is missing or out of its range. */
export function runRecordOf(fields: Readonly<Record<string, unknown>>): RunRecord | undefined {
  const { run, record, started, finished, tasks, queues } = fields;
  if (typeof run !== 'string' || typeof record !== 'string') return undefined;
  if (!isClockTime(started) || !isClockTime(finished) || !Array.isArray(tasks)) return undefined;
  const counts = new Map<string, number>();
  for (const entry of tasks) {
    if (!Array.isArray(entry)) return undefined;
    const [user, count] = entry as unknown[];
    if (typeof user !== 'string' || !isWithin(count, 0, Number.MAX_SAFE_INTEGER)) return undefined;
    counts.set(user, count);
  }
  const named = isArrayOf(queues, 'string') && { queues };
  return { run, record, started, finished, tasks: counts, ...named };
}

function emptyColumns(worker: string): Columns {
  return {
    v: SCHEMA,
    worker,
    users: [],
    runs: [],
    base: 0,
    id: [],
    user: [],
    run: [],
    seq: [],
    attempt: [],
    outcome: [],
    enqueued: [],
    waited: [],
    took: [],
    redelivered: [],
  };
}

function indexIn(index: Map<string, number>, names: string[], name: string): number {
  let position = index.get(name);
  if (position === undefined) {
    position = names.length;
    names.push(name);
    index.set(name, position);
  }
  return position;
}

function isColumns(value: Record<string, unknown> | undefined): value is Record<string, unknown> & Columns {
  if (value === undefined || value.v !== SCHEMA) return false;
  if (typeof value.worker !== 'string' || typeof value.base !== 'number') return false;
  const { id, users, runs } = value;
  if (!isArrayOf(id, 'string') || !isArrayOf(users, 'string') || !isArrayOf(runs, 'string')) return false;
  const numbers = ['user', 'run', 'seq', 'attempt', 'outcome', 'enqueued', 'waited', 'took', 'redelivered'];
  if (value.late !== undefined) numbers.push('late');
  if (value.kept !== undefined) numbers.push('kept');
  return numbers.every((name) => {
    const column = value[name];
    return isArrayOf(column, 'number') && column.length === id.length;
  });
}

function isArrayOf(value: unknown, type: 'string'): value is string[];
function isArrayOf(value: unknown, type: 'number'): value is number[];
function isArrayOf(value: unknown, type: 'string' | 'number'): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === type);
}
