import { parsedObject } from '../values/parsed-object.js';
import { isClockTime, isWithin } from '../values/sane-numbers.js';

/** In the event stream: what a publisher that still sends has had confirmed since its last note. */
export const SENT = 'fairq.sent';

const SCHEMA = 1;
/** Users in one note. */
const USERS_PER_NOTE = 2_000;
const LONGEST_SPAN_MS = 24 * 3_600_000;

export interface SentNote {
  /** Names the publisher, as its run record does at its end. */
  readonly record: string;
  /** When it was said; microseconds since the epoch. Undefined in notes of older publishers. */
  readonly at?: number | undefined;
  /** The time in which these were confirmed, up to now; milliseconds. */
  readonly spanMs: number;
  readonly tasks: ReadonlyMap<string, number>;
}

/** Says what is new in counts that only grow. */
export class SentNotes {
  readonly #said = new Map<string, number>();

  constructor(
    private readonly record: string,
    private readonly counts: ReadonlyMap<string, number>,
    /** Queues that are no user's and took some of them: who has sent to these as well says nothing. */
    private readonly elsewhere: ReadonlySet<string> = new Set(),
  ) {}

  /**
   * Bodies of messages; none where nothing is new.
   *
   * @param at now; microseconds since the epoch
   */
  take(spanMs: number, at: number): string[] {
    if (this.elsewhere.size > 0) return [];
    const news: [user: string, tasks: number][] = [];
    for (const [user, count] of this.counts) {
      const more = count - (this.#said.get(user) ?? 0);
      if (more > 0) news.push([user, more]);
      this.#said.set(user, count);
    }
    const bodies: string[] = [];
    for (let from = 0; from < news.length; from += USERS_PER_NOTE) {
      const tasks = news.slice(from, from + USERS_PER_NOTE);
      bodies.push(JSON.stringify({ v: SCHEMA, record: this.record, at, spanMs: Math.round(spanMs), tasks }));
    }
    return bodies;
  }
}

/** Undefined for a body that no version of fairq has written. */
export function decodeSentNote(body: string): SentNote | undefined {
  const { v, record, at, spanMs, tasks } = parsedObject(body) ?? {};
  if (v !== SCHEMA || typeof record !== 'string' || !isWithin(spanMs, 0, LONGEST_SPAN_MS)) return undefined;
  if (!Array.isArray(tasks)) return undefined;
  const counts = new Map<string, number>();
  for (const entry of tasks as unknown[]) {
    if (!Array.isArray(entry)) return undefined;
    const [user, count] = entry as unknown[];
    if (typeof user !== 'string' || !isWithin(count, 0, Number.MAX_SAFE_INTEGER)) return undefined;
    counts.set(user, count);
  }
  return { record, ...(isClockTime(at) && { at }), spanMs, tasks: counts };
}
