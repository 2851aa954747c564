import { FairqError } from '../../core/errors/errors.js';
import type { CommandResult, Context } from './context.js';
import type { Pause } from './pause.js';

/** To the upper left corner, and away with what is below. */
const REDRAW = '\u001b[H\u001b[J';
const CLEAR = '\u001b[2J';

/** What a watch comes to: all has been shown by then. */
export const watchEnd = (): CommandResult => ({
  document: { schemaVersion: 1, kind: 'end' },
  text: () => '',
});

/**
 * Shows a sample again and again until the pause is ended, or nobody reads any more: in place on a terminal, one after
 * the other elsewhere, and as one JSON object a line with `--json`.
 */
export async function watch(
  context: Context,
  pause: Pause,
  everyMs: number,
  sample: () => Promise<CommandResult>,
): Promise<CommandResult> {
  const { io, json, style } = context;
  io.onReaderGone(() => pause.end());
  const inPlace = io.stdoutIsTerminal && !json;
  if (inPlace) await io.out(CLEAR);
  while (!pause.ended) {
    const shown = await orLater(() => pause.orEnd(sample()), context);
    if (shown !== undefined) {
      const { document, text } = shown;
      if (json) await io.out(`${JSON.stringify(document)}\n`);
      else await io.out(inPlace ? `${REDRAW}${text(style)}\n` : `${text(style)}\n\n`);
    }
    await pause.wait(everyMs);
  }
  return watchEnd();
}

/** What goes on for long outlives a broker that is away for a while: undefined for this time, and it is said. */
export async function orLater<T>(ask: () => Promise<T>, context: Context): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof FairqError && error.kind === 'unreachable')) throw error;
    context.warn(`${error.message}; trying again`);
    return undefined;
  }
}
