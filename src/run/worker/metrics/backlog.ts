import type { Management } from '../../../broker/management/management.js';
import { FairqError } from '../../../core/errors/errors.js';
import type { QueueFilter } from '../discovery/queue-filter.js';

/** A listing costs the broker a second where there are 10,000 queues: scrapes share one. */
const KEPT_MS = 10_000;

/** What waits in the queues of users. */
export interface Backlog {
  readonly total: number;
  /** Of it, what waits in queues that light users share. */
  readonly shared: number;
  /** Tasks that failed for good, in the queue of dead letters. */
  readonly deadLetters: number;
  /** Those with most, from the most, of those with a queue of their own. */
  largest(count: number): readonly { readonly user: string; readonly tasks: number }[];
}

/** Asks the broker what waits, not too often. */
export class BacklogReading {
  #last: Promise<Backlog | undefined> | undefined;
  #at = Number.NEGATIVE_INFINITY;

  /** @param now milliseconds */
  constructor(
    private readonly management: Management,
    private readonly filter: QueueFilter,
    private readonly deadLetterQueue: string,
    private readonly now: () => number,
  ) {}

  /** Undefined where the broker does not say. */
  current(): Promise<Backlog | undefined> {
    if (this.#last === undefined || this.now() - this.#at >= KEPT_MS) {
      this.#at = this.now();
      this.#last = this.#ask();
    }
    return this.#last;
  }

  async #ask(): Promise<Backlog | undefined> {
    try {
      const listed = await this.management.queueContents();
      const waiting: { readonly user: string; readonly tasks: number }[] = [];
      let shared = 0;
      for (const { name, ready } of listed) {
        if (!this.filter.matches(name)) continue;
        if (this.filter.isSpread(name)) shared += ready;
        else waiting.push({ user: this.filter.userOf(name), tasks: ready });
      }
      return {
        total: waiting.reduce((sum, { tasks }) => sum + tasks, shared),
        shared,
        deadLetters: listed.find(({ name }) => name === this.deadLetterQueue)?.ready ?? 0,
        largest: (count) => waiting.sort((a, b) => b.tasks - a.tasks).slice(0, count),
      };
    } catch (error) {
      if (error instanceof FairqError) return undefined;
      throw error;
    }
  }
}
