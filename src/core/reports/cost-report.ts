/** What so many queues of one type cost; null where it cannot be measured here, or is less than the noise. */
export interface CostRow {
  readonly type: 'classic' | 'quorum';
  readonly queues: number;
  /** Of the broker's memory in all, with the queues idle and nobody connected to them. */
  readonly memoryBytes: number | null;
  /** Of the broker's memory for each: idle; more with a task in it; more with a worker that consumes it. Bytes. */
  readonly idleBytes: number | null;
  readonly taskBytes: number | null;
  readonly consumerBytes: number | null;
  /** Processor time of the broker with all queues consumed and idle, as a part of one processor. */
  readonly cpuAtRest: number | null;
  /** Made and bound, deleted by the broker alone, pruned by fairq; a second. */
  readonly makePerSecond: number;
  readonly deletePerSecond: number;
  readonly prunePerSecond: number;
  /** Published into queues that are there, evenly over all; null where there are more queues than tasks. */
  readonly publishPerSecond: number | null;
  /** The management API's answer, and `fairq queues list` from start to end. */
  readonly listMs: number;
  readonly fairqListMs: number;
  /** From the start of a worker's process work to its first task. */
  readonly startUpMs: number | null;
  /** From a new user's first task being sent to its start, the queue being made in between. */
  readonly newUserMs: number;
  /** No-op tasks, spread evenly over all queues, by one worker. */
  readonly tasksPerSecond: number;
}
