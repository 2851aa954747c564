import { setTimeout as pause } from 'node:timers/promises';

export interface UntilOptions {
  readonly timeoutMs: number;
  readonly everyMs?: number;
  /** Gives up at once, with null. */
  readonly signal?: AbortSignal;
}

/** Asks again until the answer is not null. Null when the time is up or the signal aborts. */
export async function until<T>(
  ask: () => Promise<T | null> | T | null,
  options: UntilOptions,
): Promise<T | null> {
  const { timeoutMs, everyMs = 50, signal } = options;
  const deadline = performance.now() + timeoutMs;
  while (signal?.aborted !== true) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (performance.now() >= deadline) return null;
    await pause(everyMs);
  }
  return null;
}
