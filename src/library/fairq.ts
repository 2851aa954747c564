import { ConnectionClosed, openConnection } from '../broker/connection/connection.js';
import { FairqError, usageError } from '../core/errors/errors.js';
import { isFinal, type TaskState } from '../core/events/task-state.js';
import { deferred } from '../core/values/deferred.js';
import { WrittenJson } from '../core/values/written-json.js';
import { TaskInquiry } from '../run/tasks/task-inquiry.js';
import { WorkerQuestion } from '../run/tasks/worker-question.js';
import { AppWorker, type AppWorkerOptions } from './app-worker.js';
import type { LibraryDeps } from './library-deps.js';
import { type PublisherOptions, TaskPublisher } from './task-publisher.js';

/** AMQP has no longer ids. */
const MOST_ID_BYTES = 255;
/** How often workers are asked for a task that is waited for, while nothing is heard of it. Milliseconds. */
const ASK_AGAIN_MS = 500;

/** A connection of an application: it sends tasks, tells what became of them, and runs workers. */
export class Fairq {
  /** Sends tasks; all of them are of one run, which `publisher.run` names. */
  readonly publisher: TaskPublisher;
  readonly #publishers = new Set<TaskPublisher>();
  readonly #workers = new Set<AppWorker>();
  #closing: Promise<void> | undefined;

  /** Applications call `connect`. */
  constructor(private readonly deps: LibraryDeps) {
    this.publisher = this.newPublisher();
  }

  /** Another publisher, with a run or queues of its own. */
  newPublisher(options: PublisherOptions = {}): TaskPublisher {
    const publisher = new TaskPublisher(this.deps, options);
    this.#publishers.add(publisher);
    return publisher;
  }

  /** A worker in this process. It begins with `run`. */
  worker(options: AppWorkerOptions): AppWorker {
    const worker = new AppWorker(this.deps, options, () => this.#workers.delete(worker));
    this.#workers.add(worker);
    return worker;
  }

  /**
   * Where a task stands, as `fairq task` tells it: `state` is `unknown` for an id that nobody has heard of. Workers have
   * 300 ms to say that they run it.
   */
  async task(id: string): Promise<TaskState> {
    return this.#inquire(id, (inquiry) => inquiry.ask());
  }

  /**
   * Resolves when a task has ended, or when nobody has heard of it.
   *
   * @param signal ends the wait, and not the task
   */
  async wait(id: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<TaskState> {
    signal?.throwIfAborted();
    const aborted = deferred<never>();
    const onAbort = () => aborted.reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    const ended = this.#inquire(id, async (inquiry) => {
      for (;;) {
        signal?.throwIfAborted();
        const state = await inquiry.ask();
        if (isFinal(state) || state.state === 'unknown') return state;
        await inquiry.news(ASK_AGAIN_MS);
      }
    });
    return Promise.race([ended, aborted.promise]).finally(() =>
      signal?.removeEventListener('abort', onAbort),
    );
  }

  /** Safe to call twice. Ends workers in order and confirms what was sent. What waits for a task is told that the connection is closed. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const worker of this.#workers) worker.stop();
    await Promise.all([...this.#workers].map((worker) => worker.ended));
    await Promise.all([...this.#publishers].map((publisher) => publisher.close()));
    await this.deps.connection.close();
  }

  async #inquire(id: string, find: (inquiry: TaskInquiry) => Promise<TaskState>): Promise<TaskState> {
    if (id === '' || Buffer.byteLength(id) > MOST_ID_BYTES) {
      throw usageError('BAD_TASK_ID', `a task's id has 1 to ${MOST_ID_BYTES} bytes`, {
        hint: 'Give it as "send" has returned it.',
      });
    }
    const { config, connection, clock, newId, onWarning } = this.deps;
    const { names, address } = config;
    const question = new WorkerQuestion({
      connect: (onBlocked) => openConnection(address, 'fairq library, asking', { onBlocked }),
      names,
      newId,
      onCannotAsk: (reason) => onWarning(`the workers cannot be asked for a task (${reason})`),
    });
    let inquiry: TaskInquiry | undefined;
    try {
      const askWorkers = (asked: string) => question.ask(asked);
      const opened = TaskInquiry.open({ connection, names, clock, askWorkers }, id);
      inquiry = await Promise.race([opened, connection.lost]);
      return withValue(await Promise.race([find(inquiry), connection.lost]));
    } catch (error) {
      if (error instanceof FairqError && error.code === 'NO_RESULTS') return { id, state: 'unknown' };
      if (!(error instanceof ConnectionClosed)) throw error;
      throw usageError('CLOSED', `the connection was closed while the task ${id} was waited for`, {
        hint: 'Connect again: the task goes on as it would have.',
      });
    } finally {
      await inquiry?.close();
      await question.close();
    }
  }
}

/** A result that could be shown only as it was written, as the value that JavaScript makes of it. */
function withValue(state: TaskState): TaskState {
  const { result } = state;
  return result instanceof WrittenJson ? { ...state, result: JSON.parse(result.text) } : state;
}
