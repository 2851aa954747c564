/** When each task of a load is due. */
export interface Pacing {
  /** Milliseconds after the start at which task `index` (from 0) is to be sent. */
  dueAt(index: number): number;
}

/** As fast as it goes. */
export const unpaced: Pacing = { dueAt: () => 0 };

/**
 * An open loop: task i is due at i / rate, whether or not the ones before were fast enough, so that a
 * slow system is not spared the load that it could not take.
 *
 * @param perSecond tasks per second
 */
export function evenly(perSecond: number): Pacing {
  const interval = 1000 / perSecond;
  return { dueAt: (index) => index * interval };
}
