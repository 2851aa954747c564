/** Consumers of a queue that are no fairq workers, and can be told to leave it. */
export interface Outsiders {
  /** Tells those of these queues; resolves with how many have said that they leave each. They do it a moment later. */
  leave(queues: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Those of these queues of which somebody holds a task that is not acknowledged. */
  held(queues: readonly string[]): Promise<ReadonlySet<string>>;
  /** The queue stays: who has left it takes it up again. */
  takeUp(queue: string): Promise<void>;
  /** The queue is gone, and so may be what belongs to it. */
  removed(queue: string): void;
  /** All have been seen to, for this time. */
  finish(): Promise<void>;
}
