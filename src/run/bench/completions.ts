import type { Connection } from '../../broker/connection/connection.js';
import { tailEvents } from '../../broker/streams/event-stream.js';
import type { StreamReader } from '../../broker/streams/stream-reader.js';
import type { Names } from '../../core/queues/names.js';
import { deferred } from '../../core/values/deferred.js';

const LOOK_EVERY_MS = 1_000;

interface Waiting {
  readonly isOver: () => boolean;
  readonly resolve: () => void;
}

/** Follows the event stream while a load is played, so that the bench knows what has been done and not only how long it took. */
export class Completions {
  readonly #ids = new Set<string>();
  /** How many tasks of each user have ended. */
  readonly #users = new Map<string, number>();
  readonly #waiting = new Set<Waiting>();
  readonly #failed = deferred<never>();

  private constructor() {
    this.#failed.promise.catch(() => {}); // before anybody waits
  }

  /** From the first event of the stream on, which has to be there. */
  static async follow(
    connection: Connection,
    names: Names,
  ): Promise<{ completions: Completions; reader: StreamReader }> {
    const completions = new Completions();
    const tail = {
      onCompletions: (events: readonly { id: string; user: string; outcome: string }[]) => {
        for (const { id, user, outcome } of events) {
          const before = completions.#users.get(user) ?? 0;
          const isNew = outcome !== 'retrying' && !completions.#ids.has(id);
          if (isNew) completions.#ids.add(id);
          completions.#users.set(user, before + (isNew ? 1 : 0));
        }
        completions.#look();
      },
      onFailure: (error: Error) => completions.#failed.reject(error),
    };
    const reader = await tailEvents(connection, names, tail, 'first');
    return { completions, reader };
  }

  /** Resolves when a task of the user has ended. */
  async firstOf(user: string): Promise<void> {
    await this.#until(() => this.#users.has(user));
  }

  /** Resolves when so many tasks of these users have ended, with how many had by now. */
  async of(users: readonly string[], tasks: number): Promise<number> {
    const ended = () => users.reduce((sum, user) => sum + (this.#users.get(user) ?? 0), 0);
    await this.#until(() => ended() >= tasks);
    return ended();
  }

  /**
   * Resolves when so many tasks have ended, with true.
   *
   * @param silentForMs when none has ended for so long, the rest is lost: resolves with false
   */
  async reached(tasks: number, silentForMs: number): Promise<boolean> {
    const silent = new Promise<false>((resolve) => {
      this.#whenSilent(
        silentForMs,
        () => resolve(false),
        () => this.#ids.size >= tasks,
      );
    });
    const all = this.#until(() => this.#ids.size >= tasks).then((): true => true);
    return Promise.race([all, silent]);
  }

  #whenSilent(ms: number, isSilent: () => void, isOver: () => boolean): void {
    let ended = this.#ids.size;
    let changedAt = performance.now();
    const timer = setInterval(() => {
      if (this.#ids.size > ended) changedAt = performance.now();
      ended = this.#ids.size;
      const silent = performance.now() - changedAt > ms;
      if (silent) isSilent();
      if (silent || isOver()) clearInterval(timer);
    }, LOOK_EVERY_MS);
    timer.unref();
  }

  async #until(isOver: () => boolean): Promise<void> {
    if (isOver()) return;
    const over = new Promise<void>((resolve) => this.#waiting.add({ isOver, resolve }));
    await Promise.race([over, this.#failed.promise]);
  }

  #look(): void {
    for (const waiting of this.#waiting) {
      if (!waiting.isOver()) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }
}
