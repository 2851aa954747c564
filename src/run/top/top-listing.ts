import type { Connection } from '../../broker/connection/connection.js';
import type { Management } from '../../broker/management/management.js';
import { QueueRemover } from '../../broker/queues/queue-remover.js';
import { FairqError } from '../../core/errors/errors.js';
import { encodeText, type Names, ownQueue, spreadQueue } from '../../core/queues/names.js';
import { KNOWN_FOR_MS, type TopBacklog } from '../../core/top/top-backlog.js';
import type { SharedQueues } from '../../core/top/top-sample.js';

/** Of the time, as long as that does not leave the figures without truth. */
const BROKER_SHARE = 0.02;
/** Listed again so soon, nothing that is shown is older than 15 s; of quorum queues it is up to 5 s old by itself. */
const TRUE_FOR_MS = 6_000;
/** A broker with very many queues would do nothing else: it has three times as long in between as a listing takes. */
const REST = 3;
/** What a listing costs the broker for each queue; 20,000 take it 2.5 s. */
const MOST_FOR_EACH_MS = 0.15;
/** Queues that are asked for their consumers at a time. */
const MOST_ASKED = 100;

export interface TopListingDeps {
  readonly connection: Connection;
  readonly management: Management;
  readonly names: Names;
  /** Milliseconds; it only grows. */
  readonly now: () => number;
  /** Queues that are nobody's own and that workers serve. */
  readonly alsoServed: () => ReadonlySet<string>;
  /** Nothing was heard of a worker that serves this row, and nothing of it ended lately. */
  readonly seemsUnserved: (row: string) => boolean;
  /** Listings take no more of the time, however old the figures become: for who looks on for long. */
  readonly mostOfTime?: number | undefined;
}

/** Asks the broker for its queues, as often as they have to be known and it can bear. Nobody waits for it. */
export class TopListing {
  #notBefore = 0;
  /** How long the figures of a listing are gone by: until the next has come. */
  #knownForMs = KNOWN_FOR_MS;
  #hasListed = false;
  #underWay: Promise<void> | undefined;
  #failure: unknown;
  /** Why the last listing came to nothing. */
  #trouble: FairqError | undefined;
  readonly #asking: QueueRemover;
  /** By the row. */
  #queues: ReadonlyMap<string, string> = new Map();

  #sharedThatWait: readonly string[] = [];

  constructor(
    private readonly deps: TopListingDeps,
    private readonly backlog: TopBacklog,
  ) {
    this.#asking = new QueueRemover(deps.connection, deps.names, 1);
  }

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

  /** Why the last listing came to nothing; undefined where it did not. */
  get trouble(): FairqError | undefined {
    return this.#trouble;
  }

  get knownForMs(): number {
    return this.#knownForMs;
  }

  /** There was a listing, whatever came of it. */
  get hasListed(): boolean {
    return this.#hasListed;
  }

  /** Queues that light users share, and in which tasks waited when they were listed. */
  get sharedThatWait(): readonly string[] {
    return this.#sharedThatWait;
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

  /** The listing does not say it, and who may be without a worker are few. */
  async #consumersOf(queues: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>();
    for (const queue of queues) {
      const counts = await this.#asking.counts(queue);
      if (counts !== undefined) found.set(queue, counts.consumers);
    }
    return found;
  }

  async #list(): Promise<void> {
    const { management, names, now, alsoServed } = this.deps;
    const begun = now();
    let listedCount = 0;
    try {
      const listed = await management.queueContents();
      listedCount = listed.length;
      const also = alsoServed();
      const rows = listed.flatMap((queue) => {
        const user = ownQueue(names, queue.name)?.name ?? (also.has(queue.name) ? queue.name : undefined);
        return user === undefined ? [] : [{ ...queue, user }];
      });
      this.#queues = new Map(rows.map(({ user, name }) => [user, name]));
      const suspects = rows.filter(({ user, ready }) => ready > 0 && this.deps.seemsUnserved(user));
      const consumers = await this.#consumersOf(suspects.slice(0, MOST_ASKED).map(({ name }) => name));
      const shared = listed.filter(({ name }) => spreadQueue(names, name) !== undefined);
      this.#sharedThatWait = shared.filter(({ ready }) => ready > 0).map(({ name }) => name);
      this.backlog.listed(
        rows.map(({ name, ...queue }) => ({ ...queue, consumers: consumers.get(name) ?? null })),
        begun,
        now(),
        together(shared),
      );
      this.#trouble = undefined;
    } catch (error) {
      // How old the figures are is shown, and that they are not known.
      if (!(error instanceof FairqError && error.kind === 'unreachable')) throw error;
      this.#trouble = error;
    }
    this.#hasListed = true;
    const took = now() - begun;
    const { mostOfTime } = this.deps;
    const soon = Math.max(REST * took, Math.min(took / BROKER_SHARE, TRUE_FOR_MS));
    // One that came to nothing is tried again soon.
    const isRare = mostOfTime !== undefined && this.#trouble === undefined;
    // On a busy machine an answer comes late and costs the broker no more for that.
    const cost = Math.min(took, listedCount * MOST_FOR_EACH_MS);
    const rest = isRare ? Math.max(soon, cost / mostOfTime) : soon;
    this.#notBefore = now() + rest;
    if (isRare) this.#knownForMs = rest + KNOWN_FOR_MS + REST * took;
  }
}

/** Undefined where there are none. */
function together(shared: readonly Omit<SharedQueues, 'queues'>[]): SharedQueues | undefined {
  if (shared.length === 0) return undefined;
  const sum = (of: 'ready' | 'unacknowledged') => shared.reduce((total, queue) => total + queue[of], 0);
  return { queues: shared.length, ready: sum('ready'), unacknowledged: sum('unacknowledged') };
}
