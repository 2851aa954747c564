import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { endGroup } from './process-group.js';
import type { ProgramGuard } from './program-guard.js';

/**
 * A shell that waits for a line on descriptor 3 before it becomes the shell of the command. A worker that is
 * killed before the guard knows of the program writes none, so that the command never begins.
 */
const ONCE_GUARDED = 'read -r _ <&3 && exec 3<&- && exec /bin/sh -c "$1"';
const GO_AHEAD = 3;

/** What is in the pipes when a program ends is read in one or two turns; a child that goes on writing is left. */
const MOST_TURNS = 100;

export interface ProgramOptions {
  /** For the shell. */
  readonly command: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly input: Buffer;
  /** The start of stdout and the end of stderr are kept. */
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  /** How long it has to end when it is told to. */
  readonly killAfterMs: number;
  readonly guard: ProgramGuard;
}

export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  /** Written in all. */
  readonly stdoutSize: number;
  readonly stderr: Buffer;
}

/** A program of a task, and all that it starts: a process group of its own, which no signal to the worker's reaches. */
export class Program {
  readonly #stdout: Buffer[] = [];
  #stdoutSize = 0;
  #stderr = Buffer.alloc(0);
  /** Pieces that have come on both. */
  #pieces = 0;
  readonly #exited: Promise<Pick<ProgramEnd, 'code' | 'signal'>>;

  private constructor(
    private readonly child: ChildProcess & { readonly stdin: Writable; stdout: Readable; stderr: Readable },
    private readonly group: number,
    private readonly options: ProgramOptions,
  ) {
    const { input, stdoutBytes, stderrBytes } = options;
    child.stdout.on('data', (piece: Buffer) => {
      this.#pieces++;
      if (this.#stdoutSize <= stdoutBytes) this.#stdout.push(piece);
      this.#stdoutSize += piece.length;
    });
    child.stderr.on('data', (piece: Buffer) => {
      this.#pieces++;
      this.#stderr = Buffer.concat([this.#stderr, piece]).subarray(-stderrBytes);
    });
    // A program that does not read its input closes the pipe early; its exit code says whether that was well.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    this.#exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
  }

  /** @throws the system's error where it cannot be started */
  static async start(options: ProgramOptions): Promise<Program> {
    const { command, env, guard } = options;
    const child = spawn('/bin/sh', ['-c', ONCE_GUARDED, 'sh', command], {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      env,
    });
    // Without file descriptors there is neither a process nor a pipe, and the error comes later.
    const { pid, stdin, stdout, stderr } = child;
    const goAhead = child.stdio[GO_AHEAD] as Writable | null | undefined;
    const failed = new Promise<never>((_, reject) => child.on('error', reject));
    failed.catch(() => {}); // once it runs, there is none
    if (pid === undefined || stdin === null || stdout === null || stderr === null || !goAhead) {
      return failed.finally(() => {
        for (const stream of [stdin, stdout, stderr, goAhead]) stream?.destroy();
      });
    }
    goAhead.on('error', () => {}); // a program that was ended meanwhile does not read it
    guard.watch(pid, () => goAhead.end('\n'));
    return new Program(Object.assign(child, { stdin, stdout, stderr }), pid, options);
  }

  /**
   * Resolves when it has ended by itself. What it leaves in the background does not count: after a success it
   * lives on, and what it writes then goes nowhere; after a failure it is ended, since the next attempt is to be alone.
   *
   * @param signal ends it, with all that it has started; then this rejects with the signal's reason
   */
  async end(signal: AbortSignal): Promise<ProgramEnd> {
    const told = new Promise<undefined>((resolve) => {
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
      if (signal.aborted) resolve(undefined);
    });
    const exit = await Promise.race([this.#exited, told]);
    try {
      if (exit !== undefined) await this.#drained();
      const isDone = exit?.code === 0 && !signal.aborted;
      const hasGone = isDone || (await endGroup(this.group, this.options.killAfterMs));
      if (exit !== undefined && !signal.aborted) return this.#result(exit);
      throw hasGone ? signal.reason : cannotBeKilled(signal.reason, this.group);
    } finally {
      this.options.guard.forget(this.group);
      for (const stream of [this.child.stdin, this.child.stdout, this.child.stderr]) stream.destroy();
    }
  }

  /** Reads what the program has written. A whole turn of the event loop in which nothing comes: the pipes are empty. */
  async #drained(): Promise<void> {
    let seen = -1;
    for (let turns = 0; seen !== this.#pieces && turns < MOST_TURNS; turns++) {
      seen = this.#pieces;
      await nextTurn();
      await nextTurn();
    }
  }

  #result({ code, signal }: Pick<ProgramEnd, 'code' | 'signal'>): ProgramEnd {
    return {
      code,
      signal,
      stdout: Buffer.concat(this.#stdout),
      stdoutSize: this.#stdoutSize,
      stderr: this.#stderr,
    };
  }
}

function cannotBeKilled(reason: unknown, group: number): Error {
  const why = reason instanceof Error ? reason.message : String(reason);
  return new Error(`${why}; and processes of its group ${group} cannot be killed`);
}
