import type { PlannedTask } from './planned-task.js';

type Batches = AsyncGenerator<readonly PlannedTask[]>;

/** Where tasks are read from has come to something that is no task. */
export class SourceFailure {
  constructor(readonly reason: unknown) {}
}

/**
 * Waits for the tasks that are to be sent next. Those of a stream may be long in coming, and meanwhile the wait may be
 * stopped, or fail since the connection is lost. (No race with a promise that lasts: it would keep all that it raced with.)
 */
export class NextTasks {
  #wait: { readonly stop: () => void; readonly fail: (error: unknown) => void } | undefined;
  #isStopped = false;

  constructor(private readonly batches: Batches) {}

  /** Whoever waits is told. */
  fail(error: Error): void {
    this.#wait?.fail(error);
  }

  stop(): void {
    this.#isStopped = true;
    this.#wait?.stop();
  }

  /**
   * @param whileWaiting called after each so many milliseconds
   * @returns undefined where nothing comes any more
   */
  async next(
    whileWaiting: () => Promise<void>,
    everyMs: number,
  ): Promise<readonly PlannedTask[] | SourceFailure | undefined> {
    const coming = this.batches.next().then(
      ({ done, value }) => (done === true ? undefined : value),
      (error) => new SourceFailure(error),
    );
    for (;;) {
      const next = await this.#within(everyMs, coming);
      if (next !== 'later') return next;
      await whileWaiting();
    }
  }

  async #within<T>(ms: number, coming: Promise<T>): Promise<T | 'later' | undefined> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<T | 'later' | undefined>((resolve, reject) => {
        timer = setTimeout(() => resolve('later'), ms);
        this.#wait = { stop: () => resolve(undefined), fail: reject };
        if (this.#isStopped) resolve(undefined);
        coming.then(resolve, reject);
      });
    } finally {
      clearTimeout(timer);
      this.#wait = undefined;
    }
  }
}
