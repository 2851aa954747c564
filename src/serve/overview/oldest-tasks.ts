import type { Management } from '../../broker/management/management.js';
import { FairqError } from '../../core/errors/errors.js';
import type { TaskEvent } from '../../core/events/task-event.js';
import { type Names, ownQueue, userQueueOf } from '../../core/queues/names.js';
import { ShareOfTime } from '../../core/values/share-of-time.js';
import type { TailListener } from '../tasks/stream-tail.js';

/** The broker's own figures are no fresher. */
const LIST_AGAIN_MS = 5_000;
/** Above so many queues those with a backlog are asked, one by one: to list all takes the broker half a minute and more. */
const MOST_LISTED = 300;
/** Of the broker's time, for listings and for single questions. */
const LIST_SHARE = 0.01;
const ASK_SHARE = 0.0025;
/** What a listing costs the broker for each queue. */
const MOST_FOR_EACH_MS = 1;
/** Milliseconds that may be used at once. */
const MOST_AT_ONCE = 500;

export interface OldestTasksDeps {
  readonly management: Pick<Management, 'oldestSent' | 'headSent'>;
  readonly names: Names;
  /** Milliseconds; it only grows. */
  readonly now: () => number;
  readonly epochMs: () => number;
  /** In place of 300 queues. */
  readonly mostListed?: number | undefined;
}

/** A user's queue, as far as it matters here. */
export interface Waiting {
  readonly user: string;
  readonly backlog: number | null;
}

interface Head {
  /** Milliseconds since the epoch; null where the broker does not say, as of quorum queues. */
  sentAt: number | null;
  readonly askedAt: number;
}

/**
 * How long the task at the head of each user's queue has waited. The broker is asked as often as it can bear. In between,
 * a task that ends says that what is left was not sent before it.
 */
export class OldestTasks implements TailListener {
  #heads = new Map<string, Head>();
  readonly #time = new ShareOfTime(ASK_SHARE, MOST_AT_ONCE);
  #notBefore = 0;
  #hasAsked = false;
  #underWay: Promise<void> | undefined;

  constructor(private readonly deps: OldestTasksDeps) {}

  /** Nobody waits for any question but the first. @param users all that have a queue */
  async keepUp(users: readonly Waiting[]): Promise<void> {
    const waiting = users.filter(({ backlog }) => (backlog ?? 0) > 0);
    const known = new Set(waiting.map(({ user }) => user));
    // Whoever had nothing for a moment begins anew.
    for (const user of this.#heads.keys()) if (!known.has(user)) this.#heads.delete(user);
    if (waiting.length > 0) this.#begin(users.length, waiting);
    if (!this.#hasAsked) await this.#underWay;
  }

  onCompletions(events: readonly TaskEvent[]): void {
    for (const { user, attempt, enqueued } of events) {
      const head = this.#heads.get(user);
      if (head === undefined || head.sentAt === null || attempt !== 1) continue;
      head.sentAt = Math.max(head.sentAt, enqueued / 1_000);
    }
  }

  /** Milliseconds; null where it is not known. */
  waitedMs(user: string): number | null {
    const sentAt = this.#heads.get(user)?.sentAt ?? null;
    return sentAt === null ? null : Math.max(0, this.deps.epochMs() - sentAt);
  }

  /** How long ago the first of what is known was asked for: seconds; null where nothing is. */
  get askedSecondsAgo(): number | null {
    let first = Number.POSITIVE_INFINITY;
    for (const { askedAt } of this.#heads.values()) first = Math.min(first, askedAt);
    return first === Number.POSITIVE_INFINITY ? null : (this.deps.now() - first) / 1_000;
  }

  #begin(queues: number, waiting: readonly Waiting[]): void {
    this.#underWay ??= (
      queues > (this.deps.mostListed ?? MOST_LISTED) ? this.#askSome(waiting) : this.#list(queues)
    )
      .catch((error) => {
        // What is wrong is said of the listing of queues; of this it is not known.
        if (!(error instanceof FairqError)) throw error;
        this.#heads.clear();
      })
      .finally(() => {
        this.#hasAsked = true;
        this.#underWay = undefined;
      });
  }

  async #list(queues: number): Promise<void> {
    const { management, names, now } = this.deps;
    const askedAt = now();
    if (askedAt < this.#notBefore) return;
    try {
      const sent = await management.oldestSent();
      this.#heads = new Map(
        [...sent].flatMap(([queue, sentAt]) => {
          const own = ownQueue(names, queue);
          return own?.kind === 'user' ? [[own.name, { sentAt, askedAt }] as const] : [];
        }),
      );
    } finally {
      // On a busy machine an answer comes late and costs the broker no more for that.
      const cost = Math.min(now() - askedAt, queues * MOST_FOR_EACH_MS);
      this.#notBefore = now() + Math.max(LIST_AGAIN_MS, cost / LIST_SHARE);
    }
  }

  /** Of whom nothing is known the largest comes first; then what is known for longest. */
  async #askSome(waiting: readonly Waiting[]): Promise<void> {
    const { management, names, now } = this.deps;
    const askedAt = (user: string) => this.#heads.get(user)?.askedAt ?? Number.NEGATIVE_INFINITY;
    const inTurn = waiting
      .map(({ user, backlog }) => ({ user, backlog: backlog ?? 0, askedAt: askedAt(user) }))
      .sort((a, b) => (a.askedAt === b.askedAt ? b.backlog - a.backlog : a.askedAt - b.askedAt));
    for (const { user } of inTurn) {
      const from = now();
      if (!this.#time.allows(from)) return;
      const sentAt = await management.headSent(userQueueOf(names, user));
      this.#time.used(now() - from);
      this.#heads.set(user, { sentAt: sentAt ?? null, askedAt: from });
    }
  }
}
