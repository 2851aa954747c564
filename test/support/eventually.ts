import { setTimeout as pause } from 'node:timers/promises';

const AT_LEAST_MS = 20;
const AT_MOST_MS = 500;
/** A question that takes long costs the machine, which others want too: it is asked for a tenth of the time. */
const PAUSE_PER_ASKING = 9;

export interface EventuallyOptions {
  readonly timeoutMs: number;
  /** What is waited for, for the message when it does not come: "the node to answer". A function tells it at that moment. */
  readonly what: string | (() => string);
}

/**
 * Waits for the thing itself: calls `ask` again and again until it gives something other than `false`,
 * `null` or `undefined`, and resolves with that. An `ask` that throws is asked again too, and its last
 * error is the cause of the one that this throws when the time is up.
 */
export async function eventually<T>(
  ask: () => Promise<T | false | null | undefined> | T | false | null | undefined,
  { timeoutMs, what }: EventuallyOptions,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
    const from = performance.now();
    try {
      const answer = await ask();
      if (answer !== false && answer !== null && answer !== undefined) return answer;
    } catch (error) {
      cause = error;
    }
    const now = performance.now();
    if (now >= deadline) {
      const waited = `Waited ${timeoutMs} ms in vain for ${typeof what === 'string' ? what : what()}.`;
      // A summary of failed tests shows the message alone, and not its cause.
      throw new Error(cause instanceof Error ? `${waited} At last: ${cause.message}` : waited, { cause });
    }
    await pause(Math.min(AT_MOST_MS, Math.max(AT_LEAST_MS, PAUSE_PER_ASKING * (now - from))));
  }
}
