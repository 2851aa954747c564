import type { Connection } from '../../broker/connection.js';
import { StreamReader } from '../../broker/stream-reader.js';
import { assertTopology, type QueueType } from '../../broker/topology.js';
import { COMPLETIONS, decodeCompletions } from '../../core/event-codec.js';
import type { Names } from '../../core/names.js';
import type { TaskEvent } from '../../core/task-event.js';
import { RESULTS, readResultLine, type TaskResult } from '../../core/task-result.js';
import { stateOf, type TaskState } from '../../core/task-state.js';

export interface AwaitedTask {
  readonly id: string;
  readonly user: string;
  /** The task's name. */
  readonly type: string;
}

interface Awaited extends AwaitedTask {
  results: TaskResult[];
  /** It has ended, and its result is still on its way. */
  ended: TaskEvent | undefined;
}

/**
 * Waits for what becomes of tasks that are about to be sent, for the one who sends them. It has to be open before
 * the first of them is: it reads what is written from then on, and after a lost connection misses nothing.
 */
export class ResultWait {
  readonly #awaited = new Map<string, Awaited>();
  readonly #readers: StreamReader[] = [];
  #whenNone: () => void = () => {};
  #fail: (error: Error) => void = () => {};
  readonly #failed: Promise<never>;

  private constructor(private readonly onState: (task: AwaitedTask, state: TaskState) => void) {
    this.#failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.#failed.catch(() => {}); // `all` may never be called
  }

  /**
   * @param queueType of what has to be made, since it is not there
   * @param onState a task has come to its end, once for each
   */
  static async open(
    connection: Connection,
    names: Names,
    queueType: QueueType,
    newId: () => string,
    onState: (task: AwaitedTask, state: TaskState) => void,
  ): Promise<ResultWait> {
    const wait = new ResultWait(onState);
    const makeAgain = () => assertTopology(connection, names, queueType);
    await makeAgain();
    const read = async (stream: string, onMessage: (type: string, body: () => string) => void) => {
      const reader = await StreamReader.open(connection, stream, 'next', {
        onMessage,
        makeAgain,
        onFailure: wait.#fail,
      });
      wait.#readers.push(reader);
      // From here on it knows where it is, and would go on there.
      await reader.caughtUp(newId());
    };
    await Promise.all([
      read(names.eventStream, (type, body) => {
        if (type === COMPLETIONS) for (const event of decodeCompletions(body()) ?? []) wait.#ended(event);
      }),
      read(names.resultStream, (type, body) => {
        if (type === RESULTS) for (const line of body().split('\n')) wait.#result(readResultLine(line));
      }),
    ]);
    return wait;
  }

  expect({ id, user, type }: AwaitedTask): void {
    this.#awaited.set(id, { id, user, type, results: [], ended: undefined });
  }

  /** Those that have not come to an end. */
  get pending(): readonly AwaitedTask[] {
    return [...this.#awaited.values()];
  }

  /** Resolves when none is pending. */
  async all(): Promise<void> {
    const none = new Promise<void>((resolve) => {
      this.#whenNone = resolve;
    });
    if (this.#awaited.size > 0) await Promise.race([none, this.#failed]);
  }

  async close(): Promise<void> {
    await Promise.all(this.#readers.map((reader) => reader.close()));
  }

  #result(result: TaskResult | undefined): void {
    const task = result && this.#awaited.get(result.id);
    if (result === undefined || task === undefined) return;
    task.results.push(result);
    this.#tell(task);
  }

  #ended(event: TaskEvent): void {
    const task = this.#awaited.get(event.id);
    if (task === undefined || event.outcome === 'retrying') return;
    task.ended = event;
    this.#tell(task);
  }

  #tell(task: Awaited): void {
    const { id, ended, results } = task;
    if (ended === undefined) return;
    if (ended.hasResult && !results.some((result) => result.attempt === ended.attempt)) return;
    this.#awaited.delete(id);
    // It has just come: clocks that differ do not make it old.
    this.onState(task, stateOf({ id, isPublished: true, events: [ended], results, running: undefined }, 0));
    if (this.#awaited.size === 0) this.#whenNone();
  }
}
