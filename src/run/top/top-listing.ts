import type { Management } from '../../broker/management.js';
import { encodeText, type Names, ownQueue } from '../../core/names.js';
import type { TopBacklog } from '../../core/top-backlog.js';
import { FairqError } from '../../errors.js';

/** Of the time, as long as that does not leave the figures without truth. */
const BROKER_SHARE = 0.02;
/** Listed again so soon, nothing that is shown is older than 15 s; the broker's counts are up to 5 s old by themselves. */
const TRUE_FOR_MS = 6_000;
/** A broker with very many queues would do nothing else: it has three times as long in between as a listing takes. */
const REST = 3;

export interface TopListingDeps {
  readonly management: Management;
  readonly names: Names;
  /** Milliseconds; it only grows. */
  readonly now: () => number;
  /** Queues that are nobody's own and that workers serve. */
  readonly alsoServed: () => ReadonlySet<string>;
}

/** Asks the broker for its queues, as often as they have to be known and it can bear. Nobody waits for it. */
export class TopListing {
  #notBefore = 0;
  #hasListed = false;
  #underWay: Promise<void> | undefined;
  #failure: unknown;
  /** By the row. */
  #queues: ReadonlyMap<string, string> = new Map();

  constructor(
    private readonly deps: TopListingDeps,
    private readonly backlog: TopBacklog,
  ) {}

  /** Begins a listing where it is time for one, and waits for the first alone. Throws what ended one before. */
  async keepUp(): Promise<void> {
    if (this.deps.now() >= this.#notBefore) this.#begin();
    if (!this.#hasListed) await this.#underWay;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Resolves when one that begins now, or is under way, has ended. */
  async now(): Promise<void> {
    this.#begin();
    await this.#underWay;
  }

  queueOf(row: string): string {
    return this.#queues.get(row) ?? this.deps.names.userQueuePrefix + encodeText(row);
  }

  #begin(): void {
    this.#underWay ??= this.#list().then(
      () => {
        this.#underWay = undefined;
      },
      (error) => {
        this.#underWay = undefined;
        this.#failure = error;
      },
    );
  }

  async #list(): Promise<void> {
    const { management, names, now, alsoServed } = this.deps;
    const begun = now();
    this.backlog.listingBegins(begun);
    try {
      const listed = await management.queueCounts();
      const also = alsoServed();
      const rows = listed.flatMap(({ name, ready, unacknowledged, consumers }) => {
        const user = ownQueue(names, name)?.name ?? (also.has(name) ? name : undefined);
        return user === undefined ? [] : [{ name, user, ready, unacknowledged, consumers }];
      });
      this.#queues = new Map(rows.map(({ user, name }) => [user, name]));
      this.backlog.listed(rows.map(({ name: _, ...queue }) => queue));
    } catch (error) {
      this.backlog.listingFailed();
      // How old the figures are is shown, and that they are not known.
      if (!(error instanceof FairqError && error.kind === 'unreachable')) throw error;
    }
    this.#hasListed = true;
    const took = now() - begun;
    this.#notBefore = now() + Math.max(REST * took, Math.min(took / BROKER_SHARE, TRUE_FOR_MS));
  }
}
