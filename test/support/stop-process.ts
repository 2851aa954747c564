import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { eventually } from './eventually.js';

/**
 * Stops a process before it is killed, and resolves when it does nothing more. A process writes for some milliseconds after
 * SIGKILL was sent, and what it writes is not to come behind a note of its end.
 */
export async function stopProcess(process: ChildProcess): Promise<void> {
  process.kill('SIGSTOP');
  await eventually(() => isStopped(process), { timeoutMs: 60_000, what: 'a process is stopped' });
}

function isStopped({ pid, exitCode, signalCode }: ChildProcess): boolean {
  if (exitCode !== null || signalCode !== null) return true;
  // Its state follows its name, which is in brackets.
  return /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}
