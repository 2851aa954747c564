import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { platform } from 'node:os';
import { kill } from 'node:process';

/**
 * Every process of a node carries this variable with the node's folder in its environment. That is how
 * the ones are found that Erlang starts by itself: helpers, and an epmd that it takes to be missing.
 */
export const MARK = 'FAIRQ_NODE_FOLDER';

/**
 * What tells a process from a later one with the same number: its number, when it started and, where the
 * system says, since which boot. Null when there is no such process, or only its exit code is left of it.
 */
export function identityOf(pid: number): string | null {
  return platform() === 'linux' ? linuxIdentity(pid) : psIdentity(pid);
}

/** The number in an identity. */
export function pidOf(identity: string): number {
  return Number.parseInt(identity, 10);
}

export function isRunning(identity: string): boolean {
  return identityOf(pidOf(identity)) === identity;
}

/** Field 3 of `stat` is the state, field 22 the start in ticks since the boot; the name may hold spaces. */
function linuxIdentity(pid: number): string | null {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return null;
  const boot = readText('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
  return `${pid} ${fields[19]} ${boot}`;
}

function psIdentity(pid: number): string | null {
  const [state, ...started] = ps(['-o', 'state=,lstart=', '-p', String(pid)])
    .trim()
    .split(/\s+/);
  return state === undefined || state === '' || state.startsWith('Z') ? null : `${pid} ${started.join(' ')}`;
}

/** The numbers of all processes of the node in `folder`. */
export function processesOf(folder: string): number[] {
  const mark = `${MARK}=${folder}`;
  if (platform() === 'linux') {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && (readText(`/proc/${pid}/environ`)?.split('\0').includes(mark) ?? false));
  }
  return ps(['-axEww', '-o', 'pid=,command='])
    .split('\n')
    .filter((line) => `${line} `.includes(` ${mark} `))
    .map((line) => Number.parseInt(line, 10));
}

/** Sends a signal; a process that has gone, or is somebody else's by now, is none of our business. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    kill(pid, signal);
  } catch {
    // Gone.
  }
}

/** Unreadable is as good as gone: it went while it was read, or it belongs to another user. */
function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function ps(args: readonly string[]): string {
  try {
    return execFileSync('ps', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}
