import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** How far a worker's log went at some moment: its lines then, by the name of its file. */
export type LogMark = ReadonlyMap<string, number>;

/** An attempt that was run to its end more than once. */
export interface Repeat {
  /** The task's id and the attempt. */
  readonly attempt: string;
  readonly firstRun: { readonly log: string; readonly line: number };
}

/** Reads what the handler (`tasks.mjs`) has written down: a line for each attempt that was run to its end. */
export class RunLog {
  readonly #readUpTo = new Map<string, number>();
  readonly #halfLines = new Map<string, string>();
  readonly #lines = new Map<string, number>();
  readonly #tasks = new Set<string>();
  readonly #firstRuns = new Map<string, Repeat['firstRun']>();
  readonly #repeats: Repeat[] = [];

  /** @param maxAttempts a task that fails has ended with that one */
  constructor(
    readonly folder: string,
    private readonly maxAttempts: number,
  ) {}

  /** How many bytes a worker has written: it grows with each of its tasks. */
  sizeOf(pid: number): number {
    try {
      return statSync(join(this.folder, `${pid}.log`)).size;
    } catch {
      return 0; // it has run none yet
    }
  }

  /** How many tasks were done, or failed for the last time. */
  distinctTasks(): number {
    this.#readOn();
    return this.#tasks.size;
  }

  /** Attempts that were run to an end although they had been before; one that ran three times is there twice. */
  repeats(): readonly Repeat[] {
    this.#readOn();
    return this.#repeats;
  }

  mark(): LogMark {
    this.#readOn();
    return new Map(this.#lines);
  }

  #readOn(): void {
    for (const name of readdirSync(this.folder)) this.#readFile(name);
  }

  #readFile(log: string): void {
    const lines = ((this.#halfLines.get(log) ?? '') + this.#newTextOf(log)).split('\n');
    // A killed worker may leave half a line for good.
    this.#halfLines.set(log, lines.pop() ?? '');
    const before = this.#lines.get(log) ?? 0;
    lines.forEach((line, i) => {
      const [id = '', number = '', outcome = ''] = line.split(' ');
      const attempt = `${id} ${number}`;
      const firstRun = this.#firstRuns.get(attempt);
      if (firstRun !== undefined) this.#repeats.push({ attempt, firstRun });
      else this.#firstRuns.set(attempt, { log, line: before + i });
      if (outcome === 'done' || Number(number) >= this.maxAttempts) this.#tasks.add(id);
    });
    this.#lines.set(log, before + lines.length);
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
