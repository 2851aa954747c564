import type { Clock } from './core/clock.js';

/** The wall clock as it was when the process started, carried on by the monotonic one: it never jumps. */
export const systemClock: Clock = {
  now: () => performance.now(),
  epochMicros: () => Math.round((performance.timeOrigin + performance.now()) * 1000),
};
