/**
 * How long a queue has been idle, by what was seen of its counters from time to time. The broker's own
 * `idle_since` says something else: it is reset by anybody who looks, and not every version and type has it.
 */

/** A queue as it was seen once. */
export interface CountedQueue {
  readonly name: string;
  /** Ready and unacknowledged. */
  readonly tasks: number;
  /** What came and went since the broker started to count; it may start anew at any time. */
  readonly published: number;
  readonly delivered: number;
  readonly acknowledged: number;
}

/** What is known of a queue. */
export interface Observation {
  /** The counters, as they were last. */
  readonly counters: string;
  /** Since when they have been the same, and the queue empty; milliseconds since the epoch. */
  readonly since: number;
}

export type Observations = ReadonlyMap<string, Observation>;

/**
 * Adds one look at all queues to what was known. A queue that is not there any more is forgotten.
 *
 * @param at when it was; milliseconds since the epoch
 */
export function observe(before: Observations, queues: readonly CountedQueue[], at: number): Observations {
  return new Map(
    queues.map((queue) => {
      const counters = countersOf(queue);
      const known = before.get(queue.name);
      // A clock that was set back makes everything that was seen before worth nothing.
      const isUnchanged = known !== undefined && known.counters === counters && known.since <= at;
      const since = isUnchanged && queue.tasks === 0 ? known.since : at;
      return [queue.name, { counters, since }];
    }),
  );
}

function countersOf({ published, delivered, acknowledged }: CountedQueue): string {
  return `${published} ${delivered} ${acknowledged}`;
}
