import { interruptedError } from '../../core/errors/errors.js';
import { deferred } from '../../core/values/deferred.js';
import type { Io } from '../../process/io.js';

/** How long a command that was told to stop waits for the broker. What it writes at its end takes a moment more. */
const WAIT_MS = 7_000;
/** After so long it says what it waits for. */
const SAY_AFTER_MS = 2_000;
/** A command that ends by itself when its time is over has so long for it, and so has a goodbye to the broker. */
export const LAST_MOMENT_MS = 1_500;
const CHECK_EVERY_MS = 100;

/** What a command does about a signal. */
export interface Stoppable {
  /** At the first signal: it takes up nothing new, and ends when what it has begun is done. */
  stop(): void;
  /** At the second signal, where there is something to do before the end. A third ends it in any case. */
  force?(): void;
  /** Whether work of its own is to be finished, such as running tasks. That takes as long as it takes; the broker does not. */
  works?(): boolean;
  /** How much the broker has done so far: while it goes on, its time begins anew. */
  progress?(): number;
  /** What the broker has not done yet, such as "the broker has not confirmed 3 tasks". */
  waitsFor?(): string;
  /** How long the broker is waited for, where that is less than usual. */
  readonly waitMs?: number;
  /** The time is over: the command ends by itself now, without the broker. Without this it is cut off. */
  overdue?(): void;
  /** In what state things are where it is cut off. */
  state(): string;
}

/**
 * What signals do to a command, from its first moment to its last. The first SIGINT, SIGTERM or SIGHUP asks for a
 * clean end, and so does a parent that goes away. The end comes within ten seconds, though the broker may say
 * nothing: `cutOff` rejects then, and the process ends without it. The second signal forces the end. A command
 * that has not said how it stops is cut off at once: as process 1 of a container it would not end otherwise.
 */
export class Interrupts {
  /** Whether a signal has come. */
  requested = false;
  readonly #cut = deferred<never>();
  readonly cutOff = this.#cut.promise;
  #command: Stoppable | undefined;
  #forced = false;
  #waiting: NodeJS.Timeout | undefined;
  #isLoading = false;

  constructor(
    private readonly io: Io,
    private readonly say: (text: string) => void,
  ) {
    this.cutOff.catch(() => {}); // whoever runs the command waits for it
    const next = () => this.#next();
    io.onStopSignal(next);
    io.onParentGone(next);
  }

  /**
   * Loads a command and begins it. A signal that comes while it loads is the command's to answer: a worker, for one,
   * ends well then. A second signal cuts it off.
   */
  async begin<Command, Result>(
    loading: Promise<Command>,
    begin: (command: Command) => Promise<Result>,
  ): Promise<Result> {
    this.#isLoading = true;
    const command = await loading;
    const result = begin(command);
    this.#isLoading = false;
    if (this.requested && this.#command === undefined) this.#cutAtBegin();
    return result;
  }

  /** From now on the end of the process that has started this one counts as a signal, too. */
  exitWithParent(): void {
    this.io.onAnyParentGone(() => this.#next());
  }

  /** The command has begun, or has come to its next part. */
  on(command: Stoppable): void {
    const isFirst = this.#command === undefined;
    this.#command = command;
    if (!this.requested) return;
    command.stop();
    if (isFirst) this.#waitForEnd();
  }

  /**
   * For work that can be dropped at any moment: rejects at the first signal.
   *
   * @param cleaning the state where it is cut off while it cleans up, which a second signal does not end
   */
  rejection(state: string, cleaning?: string): Promise<never> {
    const rejection = new Promise<never>((_, reject) => {
      const stop = () => {
        reject(interruptedError(state));
        // There is nothing to wait for but a goodbye.
        if (cleaning === undefined)
          setTimeout(() => this.#cut.reject(interruptedError(state)), LAST_MOMENT_MS);
      };
      this.on({ stop, state: () => cleaning ?? state, ...(cleaning !== undefined && { force: stop }) });
    });
    rejection.catch(() => {}); // it may come before anybody waits for it
    return rejection;
  }

  /** The command has ended. */
  end(): void {
    clearInterval(this.#waiting);
  }

  #next(): void {
    const isFirst = !this.requested;
    this.requested = true;
    if (this.#command === undefined) {
      if (!isFirst || !this.#isLoading) this.#cutAtBegin();
    } else if (isFirst) {
      this.#command.stop();
      this.#waitForEnd();
    } else if (!this.#forced && this.#command.force !== undefined) {
      this.#forced = true;
      this.#command.force();
    } else {
      this.#cut.reject(interruptedError(this.#command.state()));
    }
  }

  #cutAtBegin(): void {
    this.#cut.reject(interruptedError('it had just begun'));
  }

  #waitForEnd(): void {
    let since = performance.now();
    let isSaid = false;
    let isOver = false;
    let progress: number | undefined;
    this.#waiting = setInterval(() => {
      const { works, waitsFor, waitMs = WAIT_MS, overdue, state } = this.#command!;
      const waited = performance.now() - since;
      const before = progress;
      progress = this.#command?.progress?.();
      if (works?.() || progress !== before) {
        since = performance.now();
      } else if (waited >= waitMs + (isOver && overdue ? LAST_MOMENT_MS : 0)) {
        const isLast = isOver || overdue === undefined;
        isOver = true;
        if (isLast)
          this.#cut.reject(
            interruptedError(`the broker has not answered for ${waitMs / 1000} s; ${state()}`),
          );
        else overdue();
      } else if (waited >= SAY_AFTER_MS && !isSaid) {
        isSaid = true;
        const what = waitsFor?.() ?? 'the broker has not answered yet';
        const seconds = Math.round((waitMs - waited) / 1000);
        this.say(`${what}: waiting for ${seconds} s more at most (a signal ends it at once)`);
      }
    }, CHECK_EVERY_MS);
  }
}
