/** Consumers of a queue that are no fairq workers, and can be told to leave it. */
export interface ForeignConsumers {
  /** Tells those of these queues; resolves with how many say that they leave each queue. They do so a moment later. */
  leave(queues: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** The queues among these of which somebody has a task that is not acknowledged. */
  unacknowledged(queues: readonly string[]): Promise<ReadonlySet<string>>;
  /** The queue stays: consumers that have left take it up again. */
  takeUp(queue: string): Promise<void>;
  /** The queue is gone, and so may be what belongs to it. */
  removed(queue: string): void;
  /** A round of queues is done. */
  finish(): Promise<void>;
}
