import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../errors.js';
import { Program, type ProgramOptions } from './program.js';

/** What the system is short of now and may have again when another program ends. */
const SHORTAGES: Readonly<Record<string, string>> = {
  EMFILE: 'this process has no file descriptor left',
  ENFILE: 'the system has no file descriptor left',
  EAGAIN: 'no more processes are allowed now',
  ENOMEM: 'the system has no memory left',
};
const TRY_AGAIN_MS = 100;
/** A shortage that lasts is a failure of the task, so that somebody hears of it. */
const WAIT_MS = 30_000;
const WARN_EVERY_MS = 60_000;

/** Starts programs, and waits where the system cannot start one now. */
export class ProgramStarter {
  #warnedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly onWarning: (text: string) => void) {}

  /** @throws Error with what the system says, or the signal's reason when it is aborted meanwhile */
  async start(options: ProgramOptions, signal: AbortSignal): Promise<Program> {
    const deadline = performance.now() + WAIT_MS;
    for (;;) {
      signal.throwIfAborted();
      try {
        return await Program.start(options);
      } catch (error) {
        const shortage = SHORTAGES[codeOf(error)];
        if (shortage === undefined || performance.now() >= deadline) throw cannotStart(error, shortage);
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

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function cannotStart(error: unknown, shortage: string | undefined): Error {
  const waited = shortage === undefined ? '' : ` for ${WAIT_MS / 1000} s, since ${shortage}`;
  return new Error(`the program could not be started${waited}: ${messageOf(error)}`, { cause: error });
}
