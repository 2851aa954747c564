import { deferred } from '../../core/values/deferred.js';
import { OldestKeys } from '../../core/values/oldest-keys.js';

/** A count is believed for so long; milliseconds. */
const FRESH_MS = 1_000;
/** Without an answer by then nobody knows; milliseconds. */
const ANSWER_WITHIN_MS = 2_000;
/** Queues that are kept. */
const MOST_KEPT = 10_000;

interface Counted {
  /** Undefined: nobody knows. */
  ready: number | undefined;
  at: number;
  /** Sent by this server, and not in the count. */
  sent: number;
  /** The same, and the broker has not confirmed them. */
  unconfirmed: number;
  asking: Promise<void> | undefined;
}

export interface BacklogCountsDeps {
  /** Counts some queues; a missing one is left out. */
  readonly count: (queues: readonly string[]) => Promise<ReadonlyMap<string, number>>;
  /** Of a clock that never goes back; milliseconds. */
  readonly now: () => number;
}

/**
 * How much waits in queues: what the broker has counted within the last second, and what this server has sent since. Those
 * that are asked for at the same time are one question, and each is asked once at a time.
 */
export class BacklogCounts {
  /** In the order in which they were used last. */
  readonly #queues = new Map<string, Counted>();
  readonly #oldest = new OldestKeys(this.#queues);
  #asked: { readonly queue: string; readonly answered: (ready: number | undefined) => void }[] = [];

  constructor(private readonly deps: BacklogCountsDeps) {}

  /** Undefined where what is known is fresh; otherwise it resolves when it is. */
  refresh(queue: string): Promise<void> | undefined {
    const counted = this.#use(queue);
    if (counted.asking !== undefined) return counted.asking;
    if (this.deps.now() - counted.at < FRESH_MS) return undefined;
    counted.asking = this.#ask(queue, counted);
    return counted.asking;
  }

  /** Tasks that wait; undefined: nobody knows. */
  of(queue: string): number | undefined {
    const { ready, sent } = this.#use(queue);
    return ready === undefined ? undefined : ready + sent;
  }

  /** A task is sent there. @returns is to be called when the broker has confirmed it, or nobody waits for that */
  enter(queue: string): () => void {
    const counted = this.#use(queue);
    counted.sent++;
    counted.unconfirmed++;
    return () => {
      counted.unconfirmed--;
    };
  }

  async #ask(queue: string, counted: Counted): Promise<void> {
    const answer = deferred<number | undefined>();
    if (this.#asked.length === 0) setImmediate(() => this.#count());
    this.#asked.push({ queue, answered: answer.resolve });
    const late = setTimeout(() => answer.resolve(undefined), ANSWER_WITHIN_MS);
    // What is confirmed before the question is counted; the rest may be.
    const { unconfirmed, sent } = counted;
    const ready = await answer.promise;
    clearTimeout(late);
    counted.ready = ready;
    counted.sent = counted.sent - sent + unconfirmed;
    counted.at = this.deps.now();
    counted.asking = undefined;
  }

  #count(): void {
    const asked = this.#asked;
    this.#asked = [];
    this.deps.count(asked.map(({ queue }) => queue)).then(
      (counts) => {
        for (const { queue, answered } of asked) answered(counts.get(queue) ?? 0);
      },
      () => {
        for (const { answered } of asked) answered(undefined); // to send meets the same, and says it
      },
    );
  }

  #use(queue: string): Counted {
    const counted = this.#queues.get(queue) ?? {
      ready: undefined,
      at: Number.NEGATIVE_INFINITY,
      sent: 0,
      unconfirmed: 0,
      asking: undefined,
    };
    this.#queues.delete(queue);
    this.#queues.set(queue, counted);
    if (this.#queues.size > MOST_KEPT) this.#queues.delete(this.#oldest.next()!);
    return counted;
  }
}
