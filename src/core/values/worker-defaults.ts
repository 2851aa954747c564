/** What a worker does where nothing else is asked for, on the command line and in the library. */
export const WORKER_DEFAULTS = {
  /** Tasks at a time. */
  concurrency: 10,
  /** Starts of a task that fails. */
  maxAttempts: 3,
  /** Workers that a task may take down with it; 0: any number. */
  maxCrashes: 3,
  /** As `parseBackoff` reads it. */
  backoff: '1s,2s,4s…',
  /** A queue that a worker made for a user goes when it has been empty for so long, milliseconds. */
  demoteAfterMs: 60_000,
  /** Milliseconds between two listings. */
  discoverEveryMs: 30_000,
  /** For how long a result is kept, milliseconds. */
  resultTtlMs: 200_000,
  /** Of a result; what is larger is not kept. */
  resultBytes: 65_536,
  /** For `exitWhen: 'idle'`, milliseconds. */
  idleForMs: 10_000,
} as const;
