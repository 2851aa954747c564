import { readdirSync, readFileSync } from 'node:fs';

/** A program's stdin, stdout and stderr are pipes. */
const PER_PROGRAM = 3;
/** While a program is started: the other ends, both ends of the pipe that lets it begin, and of one more. */
const TO_START_ONE = 7;

/** File descriptors that this process may have, and needs for so many programs at a time. */
export interface Descriptors {
  readonly needed: number;
  readonly limit: number;
}

/** Undefined where the system does not say, as it does on Linux. */
export function descriptorsFor(programs: number): Descriptors | undefined {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const limit = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
    const open = readdirSync('/proc/self/fd').length;
    return { needed: open + PER_PROGRAM * programs + TO_START_ONE, limit };
  } catch {
    return undefined;
  }
}

/** Whether a program can be started with what is free now. */
export function hasDescriptorsForOne(): boolean {
  const found = descriptorsFor(1);
  return found === undefined || found.needed <= found.limit;
}
