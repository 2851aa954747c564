import type { Context } from './context.js';

const REDRAW_MS = 100;

export interface Progress {
  /** Ends the drawing and leaves nothing behind. */
  stop(): void;
}

/** Draws a line on stderr that follows the work, on a terminal; elsewhere nothing. */
export async function showProgress(context: Context, line: () => string): Promise<Progress> {
  if (!context.liveProgress) return { stop: () => {} };
  const { default: ora } = await import('ora');
  // Not discarding stdin: ora would otherwise take Ctrl-C away from us.
  const spinner = ora({ text: line(), stream: context.io.stderr, discardStdin: false }).start();
  const timer = setInterval(() => {
    spinner.text = line();
  }, REDRAW_MS);
  return {
    stop: () => {
      clearInterval(timer);
      spinner.stop();
    },
  };
}
