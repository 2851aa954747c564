import type { SentNote } from '../../core/events/sent-notes.js';
import type { RunRecord } from '../../core/events/task-event.js';

/** Publishers that have noted something and not recorded it. */
const MOST_PUBLISHERS = 10_000;
/** Records that wait for the notes before them. */
const MOST_WAITING = 1_000;

interface Noted {
  tasks: number;
  /** The time that notes tell of; milliseconds since the epoch. */
  from: number;
  to: number;
}

/** So many were sent in a time, evenly. */
export type OnSent = (count: number, fromMs: number, toMs: number) => void;

/**
 * How many tasks were sent, and when. A publisher notes every few seconds what it has sent, and records at its end all of it
 * once more: what no note has told, it sent in the time that no note tells of.
 */
export class SentCount {
  readonly #noted = new Map<string, Noted>();
  /** Of publishers that began before this was told of anything. */
  #waiting: RunRecord[] = [];

  /** @param sinceMs what was written from then on is told in its order */
  constructor(
    private readonly onSent: OnSent,
    private readonly sinceMs: number,
  ) {}

  /** @param toMs when the note was written */
  noted({ record, spanMs, tasks }: SentNote, toMs: number): void {
    const count = sumOf(tasks);
    const fromMs = toMs - spanMs;
    this.onSent(count, fromMs, toMs);
    const before = this.#noted.get(record);
    this.#noted.delete(record); // the eldest comes first
    this.#noted.set(record, {
      tasks: count + (before?.tasks ?? 0),
      from: Math.min(fromMs, before?.from ?? fromMs),
      to: Math.max(toMs, before?.to ?? toMs),
    });
    if (this.#noted.size > MOST_PUBLISHERS) this.#noted.delete(this.#noted.keys().next().value!);
  }

  /** @param isPast it is read again, after all that was written before it within the hour */
  recorded(record: RunRecord, isPast = false): void {
    if (isPast || record.started / 1_000 >= this.sinceMs) this.#count(record);
    else {
      this.#waiting.push(record);
      if (this.#waiting.length > MOST_WAITING) this.#count(this.#waiting.shift()!);
    }
  }

  /** All that was written before has been told, too. */
  allIsKnown(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const record of waiting) this.#count(record);
  }

  #count({ record, started, finished, tasks }: RunRecord): void {
    const noted = this.#noted.get(record.replace(/\.\d+$/, ''));
    const all = sumOf(tasks);
    const told = Math.min(all, noted?.tasks ?? 0);
    if (noted !== undefined) noted.tasks -= told; // a large record comes in parts
    const rest = all - told;
    if (rest === 0) return;
    const [from, to] = [started / 1_000, finished / 1_000];
    if (noted === undefined) {
      this.onSent(rest, from, to);
      return;
    }
    const before = Math.max(0, noted.from - from);
    const after = Math.max(0, to - noted.to);
    const first = before + after === 0 ? 0 : (rest * before) / (before + after);
    if (first > 0) this.onSent(first, from, noted.from);
    if (first < rest) this.onSent(rest - first, Math.min(noted.to, to), to);
  }
}

function sumOf(tasks: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of tasks.values()) sum += count;
  return sum;
}
