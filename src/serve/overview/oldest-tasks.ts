import type { Management } from '../../broker/management/management.js';
import { FairqError } from '../../core/errors/errors.js';
import { type Names, ownQueue } from '../../core/queues/names.js';

/** The broker's own figures are no fresher. */
const LIST_AGAIN_MS = 5_000;
/** A broker with very many queues is to do something else, too: a listing takes so small a part of the time. */
const REST = 9;

export interface OldestTasksDeps {
  readonly management: Management;
  readonly names: Names;
  /** Milliseconds; it only grows. */
  readonly now: () => number;
  readonly epochMs: () => number;
}

/** How long the task at the head of each user's queue has waited; listed as often as the broker can bear. */
export class OldestTasks {
  #waited: ReadonlyMap<string, number> | undefined;
  #listedAt = 0;
  #notBefore = 0;
  #underWay: Promise<void> | undefined;

  constructor(private readonly deps: OldestTasksDeps) {}

  /** Begins a listing where it is time for one. Nobody waits for any but the first. */
  async keepUp(): Promise<void> {
    if (this.deps.now() >= this.#notBefore) {
      this.#underWay ??= this.#list().finally(() => {
        this.#underWay = undefined;
      });
    }
    if (this.#waited === undefined) await this.#underWay;
  }

  /** Milliseconds, when it was listed; null where the broker does not say, as of quorum queues. */
  waitedMs(user: string): number | null {
    return this.#waited?.get(user) ?? null;
  }

  /** Seconds; null where there was no listing. */
  get listedSecondsAgo(): number | null {
    return this.#waited === undefined ? null : (this.deps.now() - this.#listedAt) / 1_000;
  }

  async #list(): Promise<void> {
    const { management, names, now, epochMs } = this.deps;
    const begun = now();
    try {
      const sent = await management.oldestSent();
      const at = epochMs();
      this.#waited = new Map(
        [...sent].flatMap(([queue, sentAt]) => {
          const own = ownQueue(names, queue);
          return own?.kind === 'user' ? [[own.name, Math.max(0, at - sentAt)] as const] : [];
        }),
      );
      this.#listedAt = begun;
    } catch (error) {
      // What is wrong is said of the other listing; of this one it is not known.
      if (!(error instanceof FairqError)) throw error;
      this.#waited = undefined;
    }
    this.#notBefore = now() + Math.max(LIST_AGAIN_MS, REST * (now() - begun));
  }
}
