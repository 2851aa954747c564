import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../../core/errors/errors.js';
import { hasDescriptorsForOne } from './descriptors.js';
import { Program, type ProgramOptions } from './program.js';

/** What the system is short of now and may have again when another program ends. */
const SHORTAGES: Readonly<Record<string, string>> = {
  EMFILE: 'this process has no file descriptor left',
  ENFILE: 'the system has no file descriptor left',
  EAGAIN: 'no more processes are allowed now',
  ENOMEM: 'the system has no memory left',
};
const TRY_AGAIN_MS = 100;
/** A shortage in which no program can be started for so long is a failure of the task, so that somebody hears of it. */
const WAIT_MS = 30_000;
const WARN_EVERY_MS = 60_000;

/** Starts programs, and waits where the system cannot start one now. */
export class ProgramStarter {
  #warnedAt = Number.NEGATIVE_INFINITY;
  /** When a program was started last: while some start, the others have only to wait. */
  #startedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly onWarning: (text: string) => void) {}

  /** @throws Error with what the system says, or the signal's reason when it is aborted meanwhile */
  async start(options: ProgramOptions, signal: AbortSignal): Promise<Program> {
    const since = performance.now();
    for (;;) {
      signal.throwIfAborted();
      try {
        if (!hasDescriptorsForOne()) throw new TooFewDescriptors();
        const program = await Program.start(options);
        this.#startedAt = performance.now();
        return program;
      } catch (error) {
        const shortage = SHORTAGES[codeOf(error)];
        const waitedMs = performance.now() - Math.max(since, this.#startedAt);
        if (shortage === undefined || waitedMs >= WAIT_MS) throw cannotStart(error, shortage);
        this.#warn(shortage, error);
        await delay(TRY_AGAIN_MS, undefined, { signal }).catch(() => {}); // the next turn says why
      }
    }
  }

  #warn(shortage: string, error: unknown): void {
    if (performance.now() - this.#warnedAt < WARN_EVERY_MS) return;
    this.#warnedAt = performance.now();
    this.onWarning(
      `programs wait for their start: ${shortage} (${messageOf(error)}). Lower --concurrency, or raise the limit (ulimit -n, ulimit -u)`,
    );
  }
}

/**
 * Node never closes the pipes of a start that fails half-way for want of descriptors. So nothing is started with fewer
 * than it takes: otherwise each try would leave fewer for the next.
 */
class TooFewDescriptors extends Error {
  readonly code = 'EMFILE';

  constructor() {
    super('EMFILE: fewer are free than a program needs');
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function cannotStart(error: unknown, shortage: string | undefined): Error {
  const waited = shortage === undefined ? '' : ` for ${WAIT_MS / 1000} s, since ${shortage}`;
  return new Error(`the program could not be started${waited}: ${messageOf(error)}`, { cause: error });
}
