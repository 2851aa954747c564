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

export interface WorkerListener {
  onReady(queues: number): void;
  onWarning(text: string): void;
  onTaskFailed(user: string, id: string, reason: string): void;
}
