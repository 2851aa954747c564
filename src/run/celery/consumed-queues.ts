import type { Connection } from '../../broker/connection/connection.js';
import { countQueues } from '../../broker/queues/queue-counts.js';
import { OldestKeys } from '../../core/values/oldest-keys.js';
import type { CeleryUserQueues } from './celery-user-queues.js';

/** A queue that had a consumer is not looked at again so soon. */
const LOOK_AFTER_MS = 5_000;
/** Users that are remembered. */
const MOST_USERS = 20_000;

/**
 * Makes sure that users' queues are there and that a Celery worker consumes them. A worker that was started again has
 * forgotten which queues it was told to consume, so each is looked at once in a while.
 */
export class ConsumedQueues {
  readonly #looks = new Map<string, { readonly at: number; readonly done: Promise<void> }>();
  readonly #oldest = new OldestKeys(this.#looks);

  /** @param now milliseconds on a clock that never goes back */
  constructor(
    private readonly connection: Connection,
    private readonly queues: CeleryUserQueues,
    private readonly now: () => number,
  ) {}

  /** Resolves when that is so for the user's queue, or somebody was warned that it is not. */
  async ensure(user: string): Promise<void> {
    const now = this.now();
    let look = this.#looks.get(user);
    if (look === undefined || now - look.at > LOOK_AFTER_MS) {
      look = { at: now, done: this.#look(user) };
      this.#looks.delete(user); // it goes to the end of the row
      this.#looks.set(user, look);
      if (this.#looks.size > MOST_USERS) this.#looks.delete(this.#oldest.next()!);
    }
    try {
      await look.done;
    } catch (error) {
      this.#looks.delete(user); // the next task tries again
      throw error;
    }
  }

  async #look(user: string): Promise<void> {
    const queue = this.queues.queueOf(user);
    const found = await countQueues(this.connection, [queue]);
    if ((found.get(queue)?.consumers ?? 0) === 0) await this.queues.prepare([user]);
  }
}
