import type { Connection } from '../../broker/connection/connection.js';
import { QueueRemover } from '../../broker/queues/queue-remover.js';
import { FairqError } from '../../core/errors/errors.js';
import type { Names } from '../../core/queues/names.js';
import type { TopBacklog } from '../../core/top/top-backlog.js';
import type { TopQueue } from '../../core/top/top-sample.js';
import { ShareOfTime } from '../../core/values/share-of-time.js';

/** Of the broker's time. */
const SHARE = 0.0025;
/** Milliseconds that may be used at once. */
const MOST_AT_ONCE = 100;

/** Asks queues that have something for what they have, one after the other, where all of them are listed rarely. */
export class QueueRecount {
  readonly #time = new ShareOfTime(SHARE, MOST_AT_ONCE);
  readonly #asking: QueueRemover;
  /** By the row. */
  readonly #askedAt = new Map<string, number>();
  #isUnderWay = false;
  #failure: unknown;

  constructor(
    connection: Connection,
    names: Names,
    private readonly now: () => number,
    private readonly backlog: TopBacklog,
  ) {
    this.#asking = new QueueRemover(connection, names, 1);
  }

  /** Nobody waits for it. Throws what ended one before. @param queueOf by the row */
  begin(queues: readonly TopQueue[], queueOf: (row: string) => string): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    this.#ask(queues, queueOf)
      .catch((error) => {
        // A queue that cannot be asked is counted by the next listing.
        if (!(error instanceof FairqError)) this.#failure = error;
      })
      .finally(() => {
        this.#isUnderWay = false;
      });
  }

  async #ask(queues: readonly TopQueue[], queueOf: (row: string) => string): Promise<void> {
    const waiting = queues.filter(({ ready }) => ready > 0).map(({ user }) => user);
    const known = new Set(waiting);
    for (const row of this.#askedAt.keys()) if (!known.has(row)) this.#askedAt.delete(row);
    const last = (row: string) => this.#askedAt.get(row) ?? 0;
    for (const row of waiting.sort((a, b) => last(a) - last(b))) {
      const from = this.now();
      if (!this.#time.allows(from)) return;
      const counts = await this.#asking.counts(queueOf(row));
      this.#time.used(this.now() - from);
      this.#askedAt.set(row, from);
      this.backlog.counted(row, counts, this.now());
    }
  }
}
