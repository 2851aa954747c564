import type { Connection } from '../../broker/connection/connection.js';
import { countQueues } from '../../broker/queues/queue-counts.js';
import { BacklogCounts } from './backlog-counts.js';
import { backlogFull, UNKNOWN_SECONDS } from './backlog-full.js';
import type { Speeds } from './speeds.js';

const MOST_SECONDS = 600;

export interface BacklogLimitDeps {
  /** That questions go on, and no tasks. */
  readonly connection: Connection;
  /** The queue of a user. */
  readonly queueOf: (user: string) => string;
  readonly now: () => number;
  readonly speeds: Pick<Speeds, 'of'>;
  /** Tasks that may wait in the queue of a user. */
  readonly most: number;
}

/** What is sent, and where it goes: the queue of its user where none is named. */
interface Sent {
  readonly user: string;
  readonly queue?: string | undefined;
}

/** Refuses tasks of users that have too many waiting. */
export class BacklogLimit {
  readonly #counts: BacklogCounts;

  constructor(private readonly deps: BacklogLimitDeps) {
    const { connection, now } = deps;
    this.#counts = new BacklogCounts({
      now,
      count: async (queues) => {
        const counts = await countQueues(connection, queues);
        return new Map([...counts].map(([queue, { ready }]) => [queue, ready]));
      },
    });
  }

  /** Undefined where it is known how many wait; otherwise it resolves when it is. */
  counting(task: Sent): Promise<void> | undefined {
    const queue = this.#queueOf(task);
    return queue === undefined ? undefined : this.#counts.refresh(queue);
  }

  /**
   * @returns is to be called when the broker has confirmed the task
   * @throws Problem 429
   */
  enter(task: Sent): () => void {
    const queue = this.#queueOf(task);
    if (queue === undefined) return () => {};
    const { most, speeds } = this.deps;
    const backlog = this.#counts.of(queue);
    if (backlog !== undefined && backlog >= most) {
      const speed = speeds.of(task.user);
      const seconds = speed === undefined ? UNKNOWN_SECONDS : (backlog + 1 - most) / speed;
      throw backlogFull(
        `Nothing was sent: ${backlog} wait, and ${most} may.`,
        Math.min(MOST_SECONDS, Math.max(1, Math.ceil(seconds))),
      );
    }
    return this.#counts.enter(queue);
  }

  /** Other queues than those of users have no limit. */
  #queueOf({ user, queue }: Sent): string | undefined {
    return queue === undefined ? this.deps.queueOf(user) : undefined;
  }
}
