import type { Connection } from '../../broker/connection/connection.js';
import { assertTopology, type QueueType } from '../../broker/queues/topology.js';
import { StreamReader } from '../../broker/streams/stream-reader.js';
import { COMPLETIONS, decodeCompletions } from '../../core/events/event-codec.js';
import type { TaskEvent } from '../../core/events/task-event.js';
import { RESULTS, readResultLine, type TaskResult } from '../../core/events/task-result.js';
import { isOf, stateOf } from '../../core/events/task-state.js';
import type { Names } from '../../core/queues/names.js';
import { shellWord } from '../../core/reports/shell-word.js';
import { type AwaitedTask, AwaitedTasks, type OnState, type TaskWait } from './awaited-tasks.js';

/** A stream that is taken for empty and is not is read from its start after a lost connection, and nothing is missed. */
const EMPTY_AFTER_MS = 250;

interface Awaited extends AwaitedTask {
  results: TaskResult[];
  /** It has ended, and its result is still on its way. */
  ended: TaskEvent | undefined;
}

/**
 * Waits for what becomes of tasks that are about to be sent, for the one who sends them. It has to be open before
 * the first of them is: it reads what is written from then on, and after a lost connection misses nothing.
 */
export class ResultWait implements TaskWait {
  readonly #tasks: AwaitedTasks<Awaited>;
  readonly #readers: StreamReader[] = [];

  private constructor(onState: OnState) {
    this.#tasks = new AwaitedTasks(onState);
  }

  /** @param queueType of what has to be made, since it is not there */
  static async open(
    connection: Connection,
    names: Names,
    queueType: QueueType,
    onState: OnState,
  ): Promise<ResultWait> {
    const wait = new ResultWait(onState);
    const makeAgain = () => assertTopology(connection, names, queueType);
    await makeAgain();
    const onFailure = (error: Error) => wait.#tasks.fail(error);
    const read = async (stream: string, onMessage: (type: string, body: () => string) => void) => {
      const listener = { onMessage, makeAgain, onFailure };
      const reader = await StreamReader.open(connection, stream, 'next', listener);
      wait.#readers.push(reader);
      // From here on it knows where it is, and would go on there.
      await reader.caughtUp(EMPTY_AFTER_MS);
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

  expect(task: AwaitedTask): void {
    this.#tasks.add({ ...task, results: [], ended: undefined });
  }

  fail(id: string, error: string): void {
    this.#tasks.failed(id, error);
  }

  get pending(): readonly AwaitedTask[] {
    return this.#tasks.pending;
  }

  async all(): Promise<void> {
    await this.#tasks.all();
  }

  afterwards(id: string): string {
    return `they go on: fairq task ${shellWord(id)} --follow`;
  }

  async close(): Promise<void> {
    await Promise.all(this.#readers.map((reader) => reader.close()));
  }

  #result(result: TaskResult | undefined): void {
    const task = result && this.#tasks.get(result.id);
    if (result === undefined || task === undefined) return;
    task.results.push(result);
    this.#tell(task);
  }

  #ended(event: TaskEvent): void {
    const task = this.#tasks.get(event.id);
    // An id may have been used before, in another run.
    if (task === undefined || event.run !== task.run || event.outcome === 'retrying') return;
    task.ended = event;
    this.#tell(task);
  }

  #tell(task: Awaited): void {
    const { id, ended, results } = task;
    if (ended === undefined) return;
    if (ended.hasResult && !results.some((result) => isOf(result, ended))) return;
    // It has just come: clocks that differ do not make it old.
    const state = stateOf(
      {
        id,
        announced: { sent: undefined },
        isSentAgain: false,
        events: [ended],
        results,
        running: undefined,
        held: undefined,
      },
      0,
    );
    this.#tasks.ended(task, state);
  }
}
