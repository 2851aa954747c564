import type { Io } from '../io.js';

export interface Interruption {
  /** Whether a signal has come. */
  readonly requested: boolean;
  /** Stops listening. */
  release(): void;
}

/**
 * The first SIGINT or SIGTERM asks for a clean end, the second one forces it. A parent that goes
 * away counts as a signal.
 */
export function onInterrupt(io: Io, stop: () => void, force: () => void): Interruption {
  let signals = 0;
  const next = () => {
    signals++;
    if (signals === 1) stop();
    else force();
  };
  const release = io.onStopSignal(next);
  io.onParentGone(next);
  return {
    get requested() {
      return signals > 0;
    },
    release,
  };
}
