import type { TaskEvent } from '../../core/events/task-event.js';
import type { TailListener } from '../tasks/stream-tail.js';

/** Completions that are kept: 17 bytes each. */
const MOST_COMPLETIONS = 200_000;
/** Their names are kept, too. */
const MOST_USERS = 50_000;
const KEPT_MS = 3_600_000;

export interface RecentCompletionsOptions {
  /** Milliseconds since the epoch. */
  readonly epochMs: () => number;
  /** Nothing that ended since then is missed; milliseconds since the epoch. */
  readonly since: number;
  /** In place of 200,000. */
  readonly most?: number;
}

/** A task that came to its end: done, or failed for good. */
export interface Completion {
  readonly user: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** From enqueued to started. */
  readonly waitMs: number;
  readonly hasFailed: boolean;
}

/**
 * The latest tasks that ended, of all users, in the order in which they were written down. However many users there are and
 * however many tasks end, it takes a few megabytes: what is older is forgotten.
 */
export class RecentCompletions implements TailListener {
  readonly #most: number;
  readonly #users: Uint32Array;
  readonly #times: Float64Array;
  readonly #waits: Float32Array;
  readonly #failed: Uint8Array;
  /** Of all that were ever taken: the next one's number. */
  #next = 0;
  #oldest = 0;
  #since: number;
  readonly #names: string[] = [];
  readonly #numbers = new Map<string, number>();
  /** Completions that are kept, by the number of the user. */
  readonly #counts: number[] = [];
  readonly #free: number[] = [];

  constructor(private readonly options: RecentCompletionsOptions) {
    this.#most = options.most ?? MOST_COMPLETIONS;
    this.#users = new Uint32Array(this.#most);
    this.#times = new Float64Array(this.#most);
    this.#waits = new Float32Array(this.#most);
    this.#failed = new Uint8Array(this.#most);
    this.#since = options.since;
  }

  /** From then on every completion is known; milliseconds since the epoch. */
  get since(): number {
    this.#forgetOld();
    return Math.max(this.#since, this.options.epochMs() - KEPT_MS);
  }

  onCompletions(events: readonly TaskEvent[]): void {
    const now = this.options.epochMs();
    for (const { user, outcome, enqueued, started, finished } of events) {
      if (outcome === 'retrying') continue;
      // A worker's clock may be ahead of this one.
      this.#add(user, Math.min(finished / 1_000, now), Math.max(0, started - enqueued) / 1_000, outcome);
    }
    this.#forgetOld();
  }

  /** Visits what is known, the oldest first. */
  visit(visitor: (completion: Completion) => void): void {
    const since = this.since;
    for (let i = this.#oldest; i < this.#next; i++) {
      const at = i % this.#most;
      const time = this.#times[at]!;
      if (time < since) continue;
      visitor({
        user: this.#names[this.#users[at]!]!,
        at: time,
        waitMs: this.#waits[at]!,
        hasFailed: this.#failed[at] === 1,
      });
    }
  }

  /** Whether something of a user is known. */
  knows(user: string): boolean {
    return this.#numbers.has(user);
  }

  #add(user: string, time: number, waitMs: number, outcome: string): void {
    if (this.#next - this.#oldest === this.#most) this.#drop();
    const at = this.#next++ % this.#most;
    const number = this.#numberOf(user);
    this.#counts[number]!++;
    this.#users[at] = number;
    this.#times[at] = time;
    this.#waits[at] = waitMs;
    this.#failed[at] = outcome === 'failed' ? 1 : 0;
    while (this.#numbers.size > MOST_USERS) this.#drop();
  }

  #drop(): void {
    const at = this.#oldest++ % this.#most;
    this.#since = Math.max(this.#since, this.#times[at]! + 1);
    const number = this.#users[at]!;
    if (--this.#counts[number]! > 0) return;
    this.#numbers.delete(this.#names[number]!);
    this.#names[number] = '';
    this.#free.push(number);
  }

  #numberOf(user: string): number {
    const known = this.#numbers.get(user);
    if (known !== undefined) return known;
    const number = this.#free.pop() ?? this.#names.length;
    this.#names[number] = user;
    this.#counts[number] = 0;
    this.#numbers.set(user, number);
    return number;
  }

  #forgetOld(): void {
    const oldest = this.options.epochMs() - KEPT_MS;
    while (this.#oldest < this.#next && this.#times[this.#oldest % this.#most]! < oldest) this.#drop();
  }
}
