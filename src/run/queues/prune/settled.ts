/** All of them to the end, and then the first failure: nothing is to be under way when things are put right. */
export async function settled<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
