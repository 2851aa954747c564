import { interruptedError } from '../errors.js';
import type { Io } from '../io.js';

export interface Interruption {
  /** Whether a signal has come. */
  readonly requested: boolean;
}

/**
 * The first SIGINT or SIGTERM asks for a clean end, the second one forces it. A parent that goes
 * away counts as a signal. It listens to the end of the process: a second Ctrl-C that comes while the
 * report is written must not cut it off.
 */
export function onInterrupt(io: Io, stop: () => void, force: () => void): Interruption {
  let signals = 0;
  const next = () => {
    signals++;
    if (signals === 1) stop();
    else force();
  };
  io.onStopSignal(next);
  io.onParentGone(next);
  return {
    get requested() {
      return signals > 0;
    },
  };
}

/** For work that can be dropped at any moment: rejects at the first signal, and a second changes nothing. */
export function rejectOnInterrupt(io: Io, state: string): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(interruptedError(state));
    onInterrupt(io, stop, stop);
  });
}
