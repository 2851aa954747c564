import { formatCount } from '../../render/parts/numbers.js';
import { descriptorsFor } from '../../run/worker/handlers/descriptors.js';
import type { Context } from '../shared/context.js';

/** Says how many file descriptors the programs of all slots need. Call it when the connections are open. */
export function sayDescriptors(programs: number, context: Context): void {
  const found = descriptorsFor(programs);
  if (found === undefined) return;
  const { needed, limit } = found;
  const mayHave = Number.isFinite(limit) ? `may have ${formatCount(limit)}` : 'may have any number';
  const text = `${formatCount(programs)} programs at a time need about ${formatCount(needed)} file descriptors, and this worker ${mayHave}`;
  if (needed <= limit) context.say(text);
  else
    context.warn(`${text}: some will wait for others. Raise the limit (ulimit -n), or lower --concurrency`);
}
