/**
 * Calls what an application has given. What that throws is the application's own: it is thrown where nothing of fairq
 * waits, so that a task ends in order whatever becomes of the process.
 */
export function apart(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
