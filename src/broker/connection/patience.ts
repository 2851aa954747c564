/** What the broker does not take is tried again so often. Milliseconds. */
export const TRY_AGAIN_MS = 500;

/**
 * How long a queue may take nothing before its sender decides. A queue that has lost its leader takes nothing until it
 * has another one: some seconds, and longer where nodes come and go. Milliseconds.
 */
export const PATIENCE_MS = {
  /** Then a task is given up, or whoever sends it says that it is held up; a worker that can write nothing ends. */
  giveUp: 30_000,
  /** Then a failed task is set aside. It is tried again all the same, and its worker does not stay for it. */
  setAside: 10_000,
  /** Then an answer is dropped. Tasks wait for it, and who is to read it has let its own queue fill up. */
  dropAnswer: 5_000,
} as const;

/** How often the broker may refuse a message within that time. */
export function mostNacks(patienceMs: number): number {
  return patienceMs / TRY_AGAIN_MS;
}
