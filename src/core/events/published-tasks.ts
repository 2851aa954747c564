import type { RunRecord } from './task-event.js';

/** What the publishers of one run say that they sent, added up over their records. */
export class PublishedTasks {
  readonly #records = new Set<string>();
  readonly #byUser = new Map<string, { tasks: number; sentBy: number }>();
  readonly #queues = new Set<string>();
  #total = 0;

  /** A record with a name that was seen before is a repeat and counts for nothing. */
  add(record: RunRecord): void {
    if (this.#records.has(record.record)) return;
    this.#records.add(record.record);
    for (const queue of record.queues ?? []) this.#queues.add(queue);
    for (const [user, tasks] of record.tasks) {
      const known = this.#byUser.get(user);
      this.#total += tasks;
      if (known === undefined) {
        this.#byUser.set(user, { tasks, sentBy: record.finished });
      } else {
        known.tasks += tasks;
        known.sentBy = Math.max(known.sentBy, record.finished);
      }
    }
  }

  /** Null while no publisher has said anything. */
  get total(): number | null {
    return this.#records.size === 0 ? null : this.#total;
  }

  get users(): Iterable<string> {
    return this.#byUser.keys();
  }

  /** Those that its tasks went to and that are no user's own. */
  get queues(): readonly string[] {
    return [...this.#queues];
  }

  tasksOf(user: string): number {
    return this.#byUser.get(user)?.tasks ?? 0;
  }

  /** When all tasks of this user had been sent for certain, in microseconds since the Unix epoch. */
  sentBy(user: string): number {
    return this.#byUser.get(user)?.sentBy ?? 0;
  }
}
