export type WorkerStrategy = 'fair' | 'arrival';

export interface WorkerOptions {
  readonly name: string;
  readonly concurrency: number;
  readonly prefetch: number | undefined;
  readonly strategy: WorkerStrategy;
  /** Stop after so many starts. */
  readonly count: number;
  /** Stop when every queue is empty, or when nothing has run for `idleForMs`; undefined: run on. */
  readonly exitWhen: 'empty' | 'idle' | undefined;
  readonly idleForMs: number;
  /** Start only when so many workers are ready, this one included. */
  readonly waitForWorkers: number;
}

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

export interface WorkerListener {
  onReady(queues: number): void;
  onWarning(text: string): void;
  onTaskFailed(user: string, id: string, reason: string): void;
}
