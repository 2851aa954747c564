import type { PublishReport } from '../../core/reports/publish-report.js';
import { deferred } from '../../core/values/deferred.js';
import { jsonText } from '../../core/values/written-json.js';
import { renderPublish, renderWait } from '../../render/publish-text.js';
import type { AwaitedTask, OnState, TaskWait } from '../../run/tasks/awaited-tasks.js';
import type { CommandResult, Context } from '../shared/context.js';

export interface WaitOutcome {
  readonly done: number;
  readonly failed: number;
  /** Neither, when the wait ended. */
  readonly unfinished: number;
}

/** Prints what becomes of each task, a JSON object a line, as it comes. */
export class PrintedResults {
  #done = 0;
  #failed = 0;
  #written: Promise<void> = Promise.resolve();
  readonly #ended = deferred();

  private constructor(
    private readonly context: Context,
    private readonly wait: TaskWait,
  ) {}

  /**
   * Before the first task is sent.
   *
   * @param open begins to wait
   */
  static async open(
    context: Context,
    open: (onState: OnState) => Promise<TaskWait>,
  ): Promise<PrintedResults> {
    let results: PrintedResults | undefined;
    const wait = await open(({ type }, state) => {
      results?.print({ schemaVersion: 1, kind: 'result', task: type, ...state }, state.state !== 'failed');
    });
    results = new PrintedResults(context, wait);
    return results;
  }

  expect(task: AwaitedTask): void {
    this.wait.expect(task);
  }

  /** It is not sent, and why. */
  fail(id: string, error: string): void {
    this.wait.fail(id, error);
  }

  /** Waits no longer. */
  stop(): void {
    this.#ended.resolve();
  }

  /**
   * Resolves when all have come, or it was stopped, or the time is over.
   *
   * @param timeoutMs from now on; what has not come by then is printed as unfinished
   */
  async all(timeoutMs: number | undefined): Promise<WaitOutcome> {
    let isLate = false;
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            isLate = true;
            this.#ended.resolve();
          }, timeoutMs);
    try {
      await Promise.race([this.wait.all(), this.#ended.promise]);
    } finally {
      clearTimeout(timer);
    }
    const { pending } = this.wait;
    await this.wait.close();
    if (isLate) {
      for (const { id, user, run, type } of pending) {
        this.#write({ schemaVersion: 1, kind: 'result', task: type, id, state: 'unfinished', user, run });
      }
    }
    await this.#written;
    const [one] = pending;
    if (one !== undefined) {
      this.context.fail(
        `${pending.length} of ${pending.length + this.#done + this.#failed} tasks have not ended ${isLate ? 'in time' : 'yet'}; ${this.wait.afterwards(one.id)}`,
      );
    }
    return { done: this.#done, failed: this.#failed, unfinished: pending.length };
  }

  print(line: object, isDone: boolean): void {
    if (isDone) this.#done++;
    else this.#failed++;
    this.#write(line);
  }

  #write(line: object): void {
    this.#written = this.#written.then(() => this.context.io.out(`${jsonText(line)}\n`));
    this.#written.catch(() => {}); // `all` awaits it
  }
}

export interface WaitEnd {
  readonly isInterrupted: boolean;
  /** Nobody reads its lines any more: whoever did has seen enough, so what has not ended is no failure. */
  readonly isUnread: boolean;
}

/** The end of `publish --wait`: its lines are out; with --json the last one is the report. */
export async function waitedResult(
  report: PublishReport,
  document: object,
  outcome: WaitOutcome,
  { isInterrupted, isUnread }: WaitEnd,
  context: Context,
): Promise<CommandResult> {
  if (!context.json)
    context.say(`${renderPublish(report, { ...context.style, color: false })}\n${renderWait(outcome)}`);
  const missed = outcome.failed + (isUnread ? 0 : outcome.unfinished);
  return {
    document: { ...document, interrupted: isInterrupted, results: outcome },
    text: () => '',
    endsAs: isInterrupted ? 'interrupted' : missed > 0 ? 'partial' : undefined,
  };
}
