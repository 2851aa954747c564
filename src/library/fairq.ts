import { ConnectionClosed, openConnection } from '../broker/connection/connection.js';
import { within } from '../broker/connection/within.js';
import { FairqError, usageError } from '../core/errors/errors.js';
import { isFinal, type TaskState } from '../core/events/task-state.js';
import { MOST_ID_BYTES } from '../core/message/task-id.js';
import { deferred } from '../core/values/deferred.js';
import { WrittenJson } from '../core/values/written-json.js';
import { TaskInquiry } from '../run/tasks/task-inquiry.js';
import { WorkerQuestion } from '../run/tasks/worker-question.js';
import { AppWorker, type AppWorkerOptions } from './app-worker.js';
import type { LibraryDeps } from './library-deps.js';
import { CLOSE_OPTIONS, checkOptions, SIGNAL_OPTIONS } from './options.js';
import { type PublisherOptions, TaskPublisher } from './task-publisher.js';

/** How often workers are asked for a task that is waited for, while nothing is heard of it. Milliseconds. */
const ASK_AGAIN_MS = 500;
/** A broker that is away for so long is not waited for at the end. */
const AWAY_FOR_MS = 10_000;
const LOOK_EVERY_MS = 1_000;

/** A connection of an application: it sends tasks, tells what became of them, and runs workers. */
export class Fairq {
  /** Sends tasks; all of them are of one run, which `publisher.run` names. */
  readonly publisher: TaskPublisher;
  readonly #publishers = new Set<TaskPublisher>();
  readonly #workers = new Set<AppWorker>();
  #closing: Promise<void> | undefined;
  /** Each ends the wait for a task, with a reason. */
  readonly #waits = new Set<(reason: unknown) => void>();

  /** Applications call `connect`. */
  constructor(private readonly deps: LibraryDeps) {
    deps.connection.lost.catch((error) => this.#endWaits(error));
    this.publisher = this.newPublisher();
  }

  /** Another publisher, with a run or queues of its own. */
  newPublisher(options: PublisherOptions = {}): TaskPublisher {
    this.#checkOpen();
    const publisher = new TaskPublisher(this.deps, options);
    this.#publishers.add(publisher);
    return publisher;
  }

  /** A worker in this process. It begins with `run`. */
  worker(options: AppWorkerOptions): AppWorker {
    this.#checkOpen();
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
  async wait(id: string, options: { readonly signal?: AbortSignal } = {}): Promise<TaskState> {
    checkOptions(SIGNAL_OPTIONS, options, 'wait');
    options.signal?.throwIfAborted();
    return this.#inquire(id, untilEnded, options.signal);
  }

  /**
   * Ends workers in order, confirms what was sent, and closes the connection. What waits for a task rejects. Not from a
   * handler: its worker would wait for it.
   *
   * @param withinMs what has not ended by then is given up; where it is not given, it is when the broker has been away
   * for 10 s
   */
  close(options: { readonly withinMs?: number } = {}): Promise<void> {
    checkOptions(CLOSE_OPTIONS, options, 'close');
    this.#closing ??= this.#close(options.withinMs);
    return this.#closing;
  }

  async #close(withinMs: number | undefined): Promise<void> {
    this.#endWaits(closedError());
    const inOrder = this.#closeInOrder().then(() => true);
    inOrder.catch(() => {}); // it may be given up
    const { clock, connection } = this.deps;
    const begun = clock.now();
    for (;;) {
      if ((await within(Math.min(LOOK_EVERY_MS, withinMs ?? LOOK_EVERY_MS), inOrder)) === true) return;
      const waited = clock.now() - begun;
      if (withinMs === undefined ? waited > AWAY_FOR_MS && !connection.isConnected : waited >= withinMs)
        break;
    }
    for (const worker of this.#workers) worker.leave();
    for (const publisher of this.#publishers) publisher.giveUp(closedError());
    connection.abandon();
  }

  async #closeInOrder(): Promise<void> {
    for (const worker of this.#workers) worker.stop();
    await Promise.all([...this.#workers].map((worker) => worker.ended));
    await Promise.all([...this.#publishers].map((publisher) => publisher.close()));
    await this.deps.connection.close();
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw closedError();
  }

  /** Whoever waits for a task is told why it is not waited for any longer. (A race with a promise that lasts keeps all that it raced with.) */
  #endWaits(reason: unknown): void {
    for (const end of this.#waits) end(reason);
  }

  async #inquire(
    id: string,
    find: (inquiry: TaskInquiry) => Promise<TaskState>,
    signal?: AbortSignal,
  ): Promise<TaskState> {
    this.#checkOpen();
    if (typeof id !== 'string' || id === '' || Buffer.byteLength(id) > MOST_ID_BYTES) {
      throw usageError('BAD_TASK_ID', `a task's id is a text of 1 to ${MOST_ID_BYTES} bytes`, {
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
    const askWorkers = (asked: string) => question.ask(asked);
    const opened = TaskInquiry.open({ connection, names, clock, askWorkers }, id);
    const over = deferred<never>();
    const onAbort = () => over.reject(signal?.reason);
    this.#waits.add(over.reject);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const inquiry = await Promise.race([opened, over.promise]);
      return withValue(await Promise.race([find(inquiry), over.promise]));
    } catch (error) {
      if (error instanceof FairqError && error.code === 'NO_RESULTS') return { id, state: 'unknown' };
      throw error instanceof ConnectionClosed ? closedError() : error;
    } finally {
      this.#waits.delete(over.reject);
      signal?.removeEventListener('abort', onAbort);
      // It may open only now.
      opened.then((inquiry) => inquiry.close()).catch(() => {});
      await question.close();
    }
  }
}

async function untilEnded(inquiry: TaskInquiry): Promise<TaskState> {
  for (;;) {
    const state = await inquiry.ask();
    if (isFinal(state) || state.state === 'unknown') return state;
    await inquiry.news(ASK_AGAIN_MS);
  }
}

function closedError(): FairqError {
  return usageError('CLOSED', 'the connection was closed by the application', { hint: 'Connect again.' });
}

/** A result that could be shown only as it was written, as the value that JavaScript makes of it. */
function withValue(state: TaskState): TaskState {
  const { result } = state;
  return result instanceof WrittenJson ? { ...state, result: JSON.parse(result.text) } : state;
}
