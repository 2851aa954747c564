import { readdirSync, readFileSync } from 'node:fs';
import { eventually } from '../../support/eventually.js';

const MARK = 'FAULT_LOG';

/** Everything that a test starts has its log folder in its environment, and so has what that starts. */
function processesWith(folder: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && environmentOf(pid).includes(`${MARK}=${folder}`));
}

export async function nobodyLeft(folder: string): Promise<void> {
  await eventually(() => processesWith(folder).length === 0, {
    timeoutMs: 20_000,
    what: `the end of processes ${processesWith(folder).join(', ')}`,
  });
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return []; // it has gone meanwhile
  }
}
