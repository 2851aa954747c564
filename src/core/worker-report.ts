export interface WorkerReport {
  readonly name: string;
  readonly completed: number;
  readonly failed: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly users: number;
  /** Held tasks that went back to the broker at the end. */
  readonly givenBack: number;
}

export interface WorkerSnapshot {
  readonly completed: number;
  readonly failed: number;
  readonly running: number;
  readonly held: number;
  /** Queues that it consumes. */
  readonly queues: number;
  /** Users with tasks here. */
  readonly active: number;
}
