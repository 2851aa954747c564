import type { Connection } from '../../broker/connection/connection.js';
import { newestPolicy } from '../../broker/policy/policy-stream.js';
import { FairqError } from '../../core/errors/errors.js';
import { Policy } from '../../core/policy/policy.js';
import { NO_POLICY } from '../../core/policy/policy-document.js';
import type { Names } from '../../core/queues/names.js';

/** Looked for so often at most. */
const EVERY_MS = 1_000;
/** Who only looks may take a stream for empty that the broker is slow to show. */
const EMPTY_AFTER_MS = 500;

/** What operators have set, for somebody who looks on and changes nothing. */
export class TopPolicy {
  #policy = new Policy(NO_POLICY);
  #readAt = Number.NEGATIVE_INFINITY;
  /** The broker does not let this user read it. */
  #refused: FairqError | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly names: Names,
    /** Milliseconds; it only grows. */
    private readonly now: () => number,
  ) {}

  /** As it is now, or was a second ago. */
  async current(): Promise<Policy> {
    if (this.#refused !== undefined || this.now() - this.#readAt < EVERY_MS) return this.#policy;
    try {
      const newest = await newestPolicy(this.connection, this.names, EMPTY_AFTER_MS);
      // A stream that was deleted is written again by the workers, which go by it meanwhile.
      if (typeof newest === 'object') this.#policy = new Policy(newest);
    } catch (error) {
      if (!(error instanceof FairqError) || error.kind !== 'refused') throw error;
      this.#refused = error;
    }
    this.#readAt = this.now();
    return this.#policy;
  }

  /** It has been changed: what counts now is read at the next look. */
  changed(): void {
    this.#readAt = Number.NEGATIVE_INFINITY;
  }

  /** Whether what is set is known. */
  get isKnown(): boolean {
    return this.#refused === undefined;
  }
}
