import type { Connection } from '../../broker/connection/connection.js';
import type { RabbitPolicies } from '../../broker/management/rabbit-policies.js';
import { withPolicyLock } from '../../broker/policy/policy-lock.js';
import { FairqError, messageOf } from '../../core/errors/errors.js';
import { NO_POLICY, type PolicyDocument } from '../../core/policy/policy-document.js';
import type { Names } from '../../core/queues/names.js';
import { type BacklogChanges, BacklogLimits } from './backlog-limits.js';

/** Longer than that and Node's timers fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** Many may look at the end of one limit. The first who does has done it when the others look. */
const SPREAD_MS = 2_000;
/** What one may not do another may. Whoever cannot looks again after so long, and speaks of it then. */
const AGAIN_MS = 5_000;
/** Later it looks so often: somebody may have given it the right. */
const LATER_AGAIN_MS = 60_000;

export interface BacklogEndsDeps {
  readonly connection: Connection;
  readonly policies: Pick<RabbitPolicies, 'checkRight' | 'list' | 'put' | 'remove'>;
  readonly names: Names;
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
  /** Limits have ended, and this process cannot make RabbitMQ go by that. Said once of what has ended together. */
  readonly onWarning: (text: string) => void;
}

/**
 * Ends backlog limits in time: RabbitMQ goes on with one until somebody removes its policy. Whoever follows the policy and is
 * allowed to does that. Nothing is asked of the broker before a limit has ended.
 */
export class BacklogEnds {
  readonly #limits: BacklogLimits;
  #document = NO_POLICY;
  /** Ends up to here are seen to, those of this document; milliseconds since the epoch. */
  #seenTo = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #isClosed = false;

  constructor(private readonly deps: BacklogEndsDeps) {
    this.#limits = new BacklogLimits(deps);
  }

  /** A newer document. */
  heard(document: PolicyDocument): void {
    this.#document = document;
    this.#seenTo = Number.NEGATIVE_INFINITY;
    this.#awaitNext();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #awaitNext(): void {
    const end = nextEnd(this.#document, this.#seenTo);
    clearTimeout(this.#timer);
    if (end === undefined || this.#isClosed) return;
    const waitMs = end - this.deps.nowMs();
    if (waitMs > LONGEST_TIMER_MS - SPREAD_MS) this.#after(LONGEST_TIMER_MS, () => this.#awaitNext());
    else this.#after(Math.max(0, waitMs) + Math.random() * SPREAD_MS, () => this.#look());
  }

  #after(ms: number, act: () => void): void {
    clearTimeout(this.#timer);
    if (!this.#isClosed) this.#timer = setTimeout(act, Math.ceil(ms)).unref();
  }

  #look(): void {
    const document = this.#document;
    const now = this.deps.nowMs();
    this.#endAll(document).then(
      () => {
        this.#failures = 0;
        if (this.#document !== document) return; // a timer is set for the newer one
        this.#seenTo = now;
        this.#awaitNext();
      },
      (error) => this.#failed(error, document),
    );
  }

  async #endAll(document: PolicyDocument): Promise<void> {
    const { put, remove } = await this.#limits.plan(document);
    if (put.length + remove.length === 0) return;
    await this.deps.policies.checkRight();
    await Promise.race([carryOutNewest(this.deps, this.#limits), this.deps.connection.lost]);
  }

  #failed(error: unknown, document: PolicyDocument): void {
    if (this.#isClosed || this.#document !== document) return;
    this.#failures++;
    if (this.#failures === 2) {
      const hint = error instanceof FairqError ? ` ${error.hint}` : '';
      this.deps.onWarning(
        `a backlog limit has ended, and RabbitMQ goes on with it: ${messageOf(error)}.${hint} Or run "fairq doctor --repair" as somebody who may.`,
      );
    }
    this.#after(this.#failures === 1 ? AGAIN_MS : LATER_AGAIN_MS, () => this.#look());
  }
}

/** Makes RabbitMQ go by the backlog limits of the newest document, while nobody can write another. */
export function carryOutNewest(
  { connection, names }: Pick<BacklogEndsDeps, 'connection' | 'names'>,
  limits: BacklogLimits,
): Promise<BacklogChanges> {
  return withPolicyLock(connection, names, async (policy) => {
    const newest = await policy.newest();
    // Where the stream was deleted somebody may still know what is set: nothing is taken back.
    return typeof newest === 'object' ? limits.carryOut(newest) : { set: [], removed: [] };
  });
}

/** The first end of a backlog limit after that moment, be it past or to come; undefined where there is none. */
function nextEnd({ rules }: PolicyDocument, after: number): number | undefined {
  const ends = rules.flatMap(({ limits }) => limits.backlog?.until ?? []).filter((end) => end > after);
  return ends.length === 0 ? undefined : Math.min(...ends);
}
