import { readFileSync } from 'node:fs';

/** Whether a process runs; of one that has ended the exit code may still be listed. */
export function isLiving(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
