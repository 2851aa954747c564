import { PublishedTasks } from './published-tasks.js';
import type { RunRecord, TaskEvent } from './task-event.js';

/** One line of `report --list`. Times are microseconds since the Unix epoch. */
export interface RunSummary {
  /** Empty for tasks that fairq did not publish. */
  readonly run: string;
  readonly users: number;
  /** Distinct tasks that ended, done or failed. */
  readonly completed: number;
  readonly published: number | null;
  readonly firstTime: number;
  readonly lastTime: number;
}

interface RunEntry {
  readonly users: Set<string>;
  readonly ids: Set<string>;
  readonly published: PublishedTasks;
  firstTime: number;
  lastTime: number;
}

/** Which runs an event stream tells of. */
export class RunCatalog {
  readonly #runs = new Map<string, RunEntry>();

  add(event: TaskEvent): void {
    const entry = this.#entry(event.run);
    entry.users.add(event.user);
    // Ids that people have given may be there twice, and are of two tasks then.
    entry.ids.add(`${event.id} ${event.sequence} ${event.user}`);
    active(entry, Math.min(event.enqueued, event.started), event.finished);
  }

  addRecord(record: RunRecord): void {
    const entry = this.#entry(record.run);
    for (const user of record.tasks.keys()) entry.users.add(user);
    entry.published.add(record);
    active(entry, record.started, record.finished);
  }

  /** The run with the latest activity first. */
  list(): RunSummary[] {
    const runs = [...this.#runs].map(([run, entry]) => ({
      run,
      users: entry.users.size,
      completed: entry.ids.size,
      published: entry.published.total,
      firstTime: entry.firstTime,
      lastTime: entry.lastTime,
    }));
    return runs.sort((a, b) => b.lastTime - a.lastTime || (a.run < b.run ? -1 : 1));
  }

  #entry(run: string): RunEntry {
    let entry = this.#runs.get(run);
    if (entry === undefined) {
      entry = {
        users: new Set(),
        ids: new Set(),
        published: new PublishedTasks(),
        firstTime: Number.POSITIVE_INFINITY,
        lastTime: Number.NEGATIVE_INFINITY,
      };
      this.#runs.set(run, entry);
    }
    return entry;
  }
}

function active(entry: RunEntry, from: number, to: number): void {
  entry.firstTime = Math.min(entry.firstTime, from);
  entry.lastTime = Math.max(entry.lastTime, to);
}
