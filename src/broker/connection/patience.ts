/** A message that the broker does not take is tried again after so long. Milliseconds. */
export const TRY_AGAIN_MS = 500;

/**
 * How long a queue may take nothing before its sender decides. A queue that has lost its leader takes nothing until it
 * has another one: some seconds, and longer where nodes come and go. Milliseconds.
 */
export const PATIENCE_MS = {
  /** After so long a published task is given up, or said to be held up. A worker that can write no completion ends. */
  giveUp: 30_000,
  /** After so long a failed task is set aside: it is tried again all the same, and its worker does not stay for it. */
  setAside: 10_000,
  /** After so long an answer is dropped. Its task cannot end before, and its reader has let its own queue fill up. */
  dropAnswer: 5_000,
} as const;

/** How often the broker may refuse a message within that time. */
export function mostNacks(patienceMs: number): number {
  return patienceMs / TRY_AGAIN_MS;
}
