/** What a number that came from outside has to be before anybody calculates with it. */

/** Attempts of one task; nobody tries more often. */
export const MOST_ATTEMPTS = 1_000_000;

/** Microseconds since the epoch, at the end of 2199. Beyond 2255 they are no exact integers. */
const LATEST = Date.UTC(2200, 0) * 1000;
/** fairq is younger; a clock that was never set says 1970. */
const EARLIEST = Date.UTC(2000, 0) * 1000;

export function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

/** A moment at which a task may have been sent. */
export function isSendTime(value: unknown): value is number {
  return isWithin(value, EARLIEST, LATEST);
}

/** A moment on the clock of some worker: a wrong one is still the best that is known of its tasks. */
export function isClockTime(value: unknown): value is number {
  return isWithin(value, 0, LATEST);
}
