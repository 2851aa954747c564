import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Reads what the handler (`tasks.mjs`) has written down: a line for each attempt that was run to its end. */
export class RunLog {
  readonly #readUpTo = new Map<string, number>();
  readonly #halfLines = new Map<string, string>();
  readonly #tasks = new Set<string>();
  readonly #attempts = new Set<string>();
  #lines = 0;

  constructor(readonly folder: string) {}

  /** How many bytes a worker has written: it grows with each of its tasks. */
  sizeOf(pid: number): number {
    try {
      return statSync(join(this.folder, `${pid}.log`)).size;
    } catch {
      return 0; // it has run none yet
    }
  }

  /** Tasks that were run to an end, and how many attempts were so that had been before. */
  runs(): { readonly distinctTasks: number; readonly repeats: number } {
    for (const name of readdirSync(this.folder)) this.#readOn(name);
    return { distinctTasks: this.#tasks.size, repeats: this.#lines - this.#attempts.size };
  }

  #readOn(name: string): void {
    const lines = ((this.#halfLines.get(name) ?? '') + this.#newTextOf(name)).split('\n');
    // A killed worker may leave half a line for good.
    this.#halfLines.set(name, lines.pop() ?? '');
    for (const line of lines) {
      this.#lines++;
      this.#attempts.add(line);
      this.#tasks.add(line.slice(0, line.indexOf(' ')));
    }
  }

  #newTextOf(name: string): string {
    const file = openSync(join(this.folder, name), 'r');
    try {
      const from = this.#readUpTo.get(name) ?? 0;
      const bytes = Buffer.alloc(fstatSync(file).size - from);
      readSync(file, bytes, 0, bytes.length, from);
      this.#readUpTo.set(name, from + bytes.length);
      return bytes.toString('latin1');
    } finally {
      closeSync(file);
    }
  }
}
