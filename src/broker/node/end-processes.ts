import type { ChildProcess } from 'node:child_process';
import { processesOf, sendSignal } from './processes.js';
import { until } from './until.js';

export interface Gentle {
  /** Where the Erlang virtual machine is to be found; those that are not the node's are left alone. */
  readonly pids: readonly number[];
  /** 0: it is killed. */
  readonly graceMs: number;
}

export const AT_ONCE: Gentle = { pids: [], graceMs: 0 };

/**
 * With a grace the node is asked to stop and given that long; without, or after it, all its processes are
 * killed. A process may start another while they are being killed, so it looks again until twice there is
 * none. Rejects when some cannot be killed.
 */
export async function endProcesses(
  folder: string,
  children: readonly ChildProcess[],
  gentle: Gentle,
): Promise<void> {
  if (gentle.graceMs > 0) {
    const asked = () => processesOf(folder).filter((pid) => gentle.pids.includes(pid));
    for (const pid of asked()) sendSignal(pid, 'SIGTERM');
    await until(() => (asked().length === 0 ? true : null), { timeoutMs: gentle.graceMs });
  }
  let timesNone = 0;
  const allGone = await until(
    () => {
      // Each child leads a process group: that is what there is to go by where there is no /proc.
      const groups = children.flatMap((child) =>
        hasEnded(child) || child.pid === undefined ? [] : [-child.pid],
      );
      const left = [...groups, ...processesOf(folder)];
      for (const pid of left) sendSignal(pid, 'SIGKILL');
      timesNone = left.length === 0 ? timesNone + 1 : 0;
      return timesNone >= 2 ? true : null;
    },
    { timeoutMs: 10_000, everyMs: 10 },
  );
  if (allGone === null) throw new Error(`processes ${processesOf(folder).join(', ')} do not end`);
}

/** True too for a child that could not be started at all. */
export function hasEnded({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
}
