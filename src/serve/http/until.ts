/**
 * Calls when the time is over or one of the signals aborts, whatever comes first. `AbortSignal.any` would leave a trace
 * in every signal that lasts longer than a request.
 *
 * @returns ends it, and leaves nothing behind
 */
export function until(ms: number, signals: readonly AbortSignal[], onEnd: () => void): () => void {
  const timer = setTimeout(onEnd, ms);
  for (const signal of signals) signal.addEventListener('abort', onEnd);
  if (signals.some(({ aborted }) => aborted)) onEnd();
  return () => {
    clearTimeout(timer);
    for (const signal of signals) signal.removeEventListener('abort', onEnd);
  };
}
