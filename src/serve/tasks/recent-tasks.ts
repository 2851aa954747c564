import type { TaskEvent } from '../../core/events/task-event.js';
import type { TaskResult } from '../../core/events/task-result.js';
import { OldestKeys } from '../../core/values/oldest-keys.js';
import { TaskTrail } from '../../run/tasks/task-trail.js';
import type { TailListener } from './stream-tail.js';

/** Tasks that are kept; some 0.5 KB each, beside their results. */
const MOST_TASKS = 50_000;
/** Of results and reasons, as they were written. */
const MOST_RESULT_CHARACTERS = 16 * 1024 * 1024;

interface Recent {
  readonly trail: TaskTrail;
  /** Results that are kept with it. */
  characters: number;
}

/**
 * What was written of the tasks of the last while, so that most questions need no stream to be read. It forgets the
 * task that was heard of first when there are too many.
 */
export class RecentTasks implements TailListener {
  readonly #tasks = new Map<string, Recent>();
  readonly #oldest = new OldestKeys(this.#tasks);
  #characters = 0;
  readonly #watchers = new Map<string, Set<() => void>>();

  constructor(private readonly mostTasks = MOST_TASKS) {}

  get size(): number {
    return this.#tasks.size;
  }

  /**
   * What is kept of a task. Something written before that may be missing; nothing that was written after it is. So where
   * there is a trail it is enough to know where the task stands.
   */
  find(id: string): TaskTrail | undefined {
    return this.#tasks.get(id)?.trail;
  }

  /** Keeps what was found in the streams of a task that nobody has started, unless something was heard of it meanwhile. */
  adopt(trail: TaskTrail): void {
    if (this.#tasks.has(trail.id)) return;
    this.#tasks.set(trail.id, { trail, characters: 0 });
    this.#forget();
  }

  /**
   * Calls for each thing that is heard of a task.
   *
   * @returns ends it
   */
  watch(id: string, onNews: () => void): () => void {
    const watchers = this.#watchers.get(id) ?? new Set();
    this.#watchers.set(id, watchers);
    watchers.add(onNews);
    return () => {
      watchers.delete(onNews);
      if (watchers.size === 0) this.#watchers.delete(id);
    };
  }

  onAnnounced({ at, tasks = [] }: Parameters<NonNullable<TailListener['onAnnounced']>>[0]): void {
    for (const task of tasks) this.#take(task.id).trail.announcedAs(task, at);
  }

  onCompletions(events: readonly TaskEvent[]): void {
    for (const event of events) {
      this.#take(event.id).trail.ended(event);
      this.#tell(event.id);
    }
  }

  onResults(results: readonly TaskResult[]): void {
    for (const result of results) {
      const recent = this.#take(result.id);
      recent.trail.resulted(result);
      const characters = sizeOf(result);
      recent.characters += characters;
      this.#characters += characters;
      this.#tell(result.id);
    }
    this.#forget();
  }

  #take(id: string): Recent {
    let recent = this.#tasks.get(id);
    if (recent === undefined) {
      recent = { trail: new TaskTrail(id), characters: 0 };
      this.#tasks.set(id, recent);
      this.#forget();
    }
    return recent;
  }

  #forget(): void {
    while (this.#tasks.size > this.mostTasks || this.#characters > MOST_RESULT_CHARACTERS) {
      const id = this.#oldest.next()!;
      this.#characters -= this.#tasks.get(id)!.characters;
      this.#tasks.delete(id);
    }
  }

  #tell(id: string): void {
    for (const onNews of this.#watchers.get(id) ?? []) onNews();
  }
}

function sizeOf({ value, base64, error }: TaskResult): number {
  if (base64 !== undefined) return base64.length;
  if (error !== undefined) return error.length;
  return value === undefined ? 0 : JSON.stringify(value).length;
}
