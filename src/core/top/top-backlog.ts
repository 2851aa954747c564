import type { SentNote } from '../events/sent-notes.js';
import type { RunRecord, TaskEvent } from '../events/task-event.js';
import type { SharedQueues, TopQueue } from './top-sample.js';

/** Quorum queues are counted up to 5 s before they are listed: with this nothing is shown that is older than 15 s. */
export const KNOWN_FOR_MS = 10_000;
/** A publisher that has said nothing for so long has gone without a record. */
const SILENT_MS = 3_600_000;

/**
 * What waits, between two listings: what publishers say that they sent is added to what the broker counted, and what
 * ended is taken away. A task that fairq did not publish takes nothing away: nobody says when the next one is sent.
 */
export class TopBacklog {
  #queues = new Map<string, TopQueue>();
  /** Undefined where light users share none. */
  #shared: SharedQueues | undefined;
  #askedAt: number | undefined;
  #answeredAt = 0;
  /** What a row's queue has gained and lost since: tasks sent, less those that ended. */
  readonly #moved = new Map<string, number>();
  /** Of a row that was counted since, by itself. */
  readonly #countedAt = new Map<string, number>();
  /** What publishers have said in notes: their record at the end says it again. */
  readonly #said = new Map<string, { at: number; readonly tasks: Map<string, number> }>();

  /** @param rowOf what a user counts under: itself, or its group */
  constructor(private readonly rowOf: (user: string) => string = (user) => user) {}

  /**
   * When in between a queue was counted is not known. What moved until the answer came is left out: the figure is then a
   * little older, and never one that is yet to come.
   *
   * @param askedAt this and the next: milliseconds that only grow
   * @param shared what light users share; undefined where they do not
   */
  listed(queues: readonly TopQueue[], askedAt: number, answeredAt: number, shared?: SharedQueues): void {
    this.#shared = shared;
    this.#queues = new Map(queues.map((queue) => [queue.user, queue]));
    this.#askedAt = askedAt;
    this.#answeredAt = answeredAt;
    this.#moved.clear();
    this.#countedAt.clear();
  }

  /**
   * What one queue has, since the listing of all.
   *
   * @param counts undefined where it has gone
   * @param now when it had answered
   */
  counted(row: string, counts: Pick<TopQueue, 'ready' | 'consumers'> | undefined, now: number): void {
    const known = this.#queues.get(row);
    this.#moved.delete(row);
    if (counts === undefined) this.#queues.delete(row);
    else this.#queues.set(row, { user: row, unacknowledged: known?.unacknowledged ?? null, ...counts });
    this.#countedAt.set(row, now);
  }

  /** How old the last listing is; null where there was none. */
  ageMs(now: number): number | null {
    return this.#askedAt === undefined ? null : Math.max(0, now - this.#askedAt);
  }

  ended(events: readonly TaskEvent[]): void {
    for (const { user, run, attempt } of events) {
      // A later attempt came back to its queue unseen.
      if (run !== '' && attempt === 1) this.#move(user, -1);
    }
  }

  sent({ record, spanMs, tasks }: SentNote, now: number): void {
    const said = this.#said.get(record) ?? { at: now, tasks: new Map<string, number>() };
    said.at = now;
    this.#said.set(record, said);
    for (const [user, count] of tasks) {
      said.tasks.set(user, (said.tasks.get(user) ?? 0) + count);
      this.#sentIn(user, count, spanMs, now);
    }
    for (const [name, { at }] of this.#said) if (now - at > SILENT_MS) this.#said.delete(name);
  }

  /** A publisher has ended. */
  recorded({ record, started, finished, tasks, queues = [] }: RunRecord, now: number): void {
    // Which of them went to a queue that is not their user's is not said.
    if (queues.length > 0) return;
    const said = this.#said.get(record.replace(/\.\d+$/, ''))?.tasks;
    for (const [user, count] of tasks) {
      const more = count - (said?.get(user) ?? 0);
      if (more > 0) this.#sentIn(user, more, (finished - started) / 1_000, now);
    }
  }

  /** Every row that is known of, as it is now; undefined where that is not known any more. */
  queues(now: number, knownForMs = KNOWN_FOR_MS): TopQueue[] | undefined {
    const age = this.ageMs(now);
    if (age === null || age > knownForMs) return undefined;
    const found: TopQueue[] = [];
    for (const queue of this.#queues.values()) found.push(movedBy(queue, this.#moved.get(queue.user) ?? 0));
    // Where light users share queues, who has none may have a new one, or none.
    const unlisted = this.#shared === undefined ? this.#moved : [];
    for (const [user, moved] of unlisted) {
      const ready = Math.round(moved);
      if (ready > 0 && !this.#queues.has(user)) {
        found.push({ user, ready, unacknowledged: null, consumers: null });
      }
    }
    return found;
  }

  /** There was a listing. */
  get isListed(): boolean {
    return this.#askedAt !== undefined;
  }

  /** Queues that light users share, however old that is. */
  get sharedQueues(): number {
    return this.#shared?.queues ?? 0;
  }

  /**
   * What these have: as listed, with what was sent and what ended since of users without a queue. Undefined where there are none, or it is
   * not known any more.
   */
  shared(now: number, knownForMs = KNOWN_FOR_MS): SharedQueues | undefined {
    if (this.#shared === undefined || (this.ageMs(now) ?? 0) > knownForMs) return undefined;
    let moved = 0;
    for (const [row, count] of this.#moved) if (!this.#queues.has(row)) moved += count;
    return movedBy(this.#shared, moved);
  }

  /** Users with a queue, however old that is. */
  get listedUsers(): Iterable<string> {
    return this.#queues.keys();
  }

  /** Of what was sent in a span of time that part counts that was sent since the listing. */
  #sentIn(user: string, count: number, spanMs: number, now: number): void {
    const since = this.#countedAt.get(this.rowOf(user)) ?? this.#answeredAt;
    const part = spanMs <= 0 ? 1 : Math.max(0, Math.min(1, (now - since) / spanMs));
    this.#move(user, count * part);
  }

  #move(user: string, count: number): void {
    const row = this.rowOf(user);
    this.#moved.set(row, (this.#moved.get(row) ?? 0) + count);
  }
}

/** What ends was unacknowledged; as long as tasks wait, another takes its place. */
function movedBy<Q extends Pick<TopQueue, 'ready' | 'unacknowledged'>>(queue: Q, moved: number): Q {
  if (moved === 0) return queue;
  const held = queue.unacknowledged ?? 0;
  const all = Math.max(0, Math.round(queue.ready + held + moved));
  return { ...queue, ready: Math.max(0, all - held), unacknowledged: Math.min(held, all) };
}
