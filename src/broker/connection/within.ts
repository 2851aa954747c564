/**
 * What the work comes to, or undefined where that takes longer than so many milliseconds; for ever is `Infinity`. Rejects
 * as the work does. A timer and not an abort signal, whose exception takes a cold process 10 ms to make.
 */
export async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  if (!Number.isFinite(ms)) return work;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
