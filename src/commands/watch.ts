import { setTimeout as delay } from 'node:timers/promises';
import type { CommandResult, Context } from './context.js';
import { onInterrupt } from './interrupt.js';

/** To the upper left corner, and away with what is below. */
const REDRAW = '\u001b[H\u001b[J';
const CLEAR = '\u001b[2J';

/**
 * Shows a sample again and again until it is interrupted: in place on a terminal, one after the other
 * elsewhere, and as one JSON object a line with `--json`.
 */
export async function watch(
  context: Context,
  everyMs: number,
  sample: () => Promise<CommandResult>,
): Promise<CommandResult> {
  const { io, json, style } = context;
  const stop = new AbortController();
  onInterrupt(
    io,
    () => stop.abort(),
    () => stop.abort(),
  );
  const inPlace = io.stdoutIsTerminal && !json;
  if (inPlace) await io.out(CLEAR);
  while (!stop.signal.aborted) {
    const { document, text } = await sample();
    if (json) await io.out(`${JSON.stringify(document)}\n`);
    else await io.out(inPlace ? `${REDRAW}${text(style)}\n` : `${text(style)}\n\n`);
    await delay(everyMs, undefined, { signal: stop.signal }).catch(() => {}); // it is to stop
  }
  return { document: { schemaVersion: 1, kind: 'end' }, text: () => '', endsAs: 'interrupted' };
}
