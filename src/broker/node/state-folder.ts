import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** What fairq remembers from one run to the next: `$XDG_STATE_HOME/fairq`, or the same below `~/.local/state`. */
export function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  const { XDG_STATE_HOME: named, HOME } = env;
  // A relative path there is to be ignored, by its specification.
  const base = named !== undefined && isAbsolute(named) ? named : join(HOME || homedir(), '.local', 'state');
  return join(base, 'fairq');
}
