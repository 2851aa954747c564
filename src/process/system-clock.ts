import type { Clock } from '../core/values/clock.js';

const startedAt = performance.timeOrigin;

/** The wall clock as it was when the process started, carried on by the monotonic one: it never jumps. */
export const systemClock: Clock = {
  now: () => performance.now(),
  epochMicros: () => Math.round((startedAt + performance.now()) * 1000),
};
