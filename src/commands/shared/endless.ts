import { FairqError } from '../../core/errors/errors.js';
import type { CommandResult, Context } from './context.js';
import { LAST_MOMENT_MS } from './interrupt.js';
import { Pause } from './pause.js';

/**
 * Runs what looks on until it is told to stop. That is its orderly end, from its first moment on and whatever the
 * broker does: one that does not answer has a moment for the goodbye, and one that has gone is no failure any more.
 *
 * @param end what it has come to so far
 * @param work ends soon after `pause` does; one that has begun to change something takes more time by a
 * `context.interrupts.on` of its own, and calls `giveUp` when that is over
 */
export async function untilStopped(
  context: Context,
  end: () => CommandResult,
  work: (pause: Pause, giveUp: () => void) => Promise<CommandResult>,
): Promise<CommandResult> {
  const { interrupts } = context;
  const pause = new Pause();
  let giveUp = (): void => {};
  const givenUp = new Promise<CommandResult>((resolve) => {
    giveUp = () => resolve(end());
  });
  const state = () => 'nothing was changed';
  interrupts.on({ stop: () => pause.end(), waitMs: LAST_MOMENT_MS, overdue: giveUp, state });
  try {
    return await Promise.race([work(pause, giveUp), givenUp]);
  } catch (error) {
    const isUnreachable = error instanceof FairqError && error.kind === 'unreachable';
    if (!interrupts.requested || !isUnreachable) throw error;
    return end();
  }
}
