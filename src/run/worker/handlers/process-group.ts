import { readdirSync, readFileSync } from 'node:fs';
import { kill } from 'node:process';
import { sendSignal } from '../../../broker/node/processes.js';
import { until } from '../../../broker/node/until.js';

/** A killed process is gone at once, unless it waits for a disk. */
const KILLED_WITHIN_MS = 5_000;

/** Whether a process of the group is left, be it that only its exit code is. */
export function groupExists(group: number): boolean {
  try {
    kill(-group, 0);
    return true;
  } catch (error) {
    // All that is left belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * Asks every process of the group to end (SIGTERM), and kills after the grace what has not.
 *
 * @returns whether the group has gone; some processes cannot be killed
 */
export async function endGroup(group: number, graceMs: number): Promise<boolean> {
  if (!groupExists(group)) return true;
  sendSignal(-group, 'SIGTERM');
  const ended = await until(() => (groupExists(group) ? null : true), { timeoutMs: graceMs, everyMs: 10 });
  if (ended !== null) return true;
  sendSignal(-group, 'SIGKILL');
  const killed = await until(() => (hasLiving(group) ? null : true), { timeoutMs: KILLED_WITHIN_MS });
  return killed !== null;
}

/**
 * A killed process whose parent has gone belongs to process 1. In a container that may be a program that collects
 * no exit codes, so that the process is listed for ever.
 */
function hasLiving(group: number): boolean {
  if (!groupExists(group)) return false;
  const pids = numbersIn('/proc');
  return pids.length === 0 || pids.some((pid) => isLivingIn(group, pid));
}

/** Empty where the system has no such folder. */
function numbersIn(folder: string): number[] {
  try {
    return readdirSync(folder)
      .map(Number)
      .filter((number) => number > 0);
  } catch {
    return [];
  }
}

/** Fields 3 and 5 of `stat` are the state and the group; the name before them may hold spaces. */
function isLivingIn(group: number, pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, , itsGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(itsGroup) === group && state !== 'Z' && state !== 'X';
  } catch {
    return false; // it went while it was read
  }
}
