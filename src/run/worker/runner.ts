import type { Clock } from '../../core/clock.js';
import type { Scheduler } from '../../core/scheduler.js';
import type { Outcome, TaskEvent } from '../../core/task-event.js';
import { messageOf } from '../../errors.js';
import type { Handlers, TaskContext } from './handlers.js';
import type { HeldTask } from './task.js';

/** Tasks that end at once are run this many in a row, then the network gets its turn. */
const BURST = 512;
/** The same for tasks that keep the processor busy. */
const BURST_MS = 5;

/** A mean that follows: each new value counts for so much. */
const MEAN_GAIN = 0.1;

export interface RunnerListener {
  onFinished(task: HeldTask, event: TaskEvent, failure: string | undefined): void;
  /** A burst of starts is over, or a running task has ended. */
  onTick(): void;
}

export interface RunnerOptions {
  readonly name: string;
  readonly concurrency: number;
  /** Starts at the most. */
  readonly count: number;
}

/** The slots: starts the task that the scheduler says, whenever one is free. */
export class Runner {
  running = 0;
  started = 0;
  completed = 0;
  failed = 0;
  /** Mean run time over all users, milliseconds; undefined before the first task has ended. */
  taskMs: number | undefined;
  readonly users = new Set<string>();
  firstStartAt: number | undefined;
  lastFinishAt: number | undefined;
  #paused = true;
  #ended = false;
  #abandoned = false;
  /** Starts allowed for now, beside the count of the options. */
  #allowed = Number.POSITIVE_INFINITY;
  #scheduled = false;
  readonly #onEnd: (() => void)[] = [];
  readonly #aborts = new Map<HeldTask, AbortController>();

  constructor(
    private readonly options: RunnerOptions,
    private readonly scheduler: Scheduler<HeldTask>,
    private readonly handlers: Handlers,
    private readonly clock: Clock,
    private readonly listener: RunnerListener,
  ) {}

  /** Slots that could start a task now. */
  get free(): number {
    if (this.#paused) return 0;
    const { concurrency, count } = this.options;
    return Math.min(concurrency - this.running, count - this.started, this.#allowed - this.started);
  }

  get reachedCount(): boolean {
    return this.started >= this.options.count;
  }

  /** @param atMost starts in all until it is called again */
  start(atMost = Number.POSITIVE_INFINITY): void {
    this.#paused = false;
    this.#allowed = atMost;
    this.wake();
  }

  /** Starts nothing new; what runs goes on. */
  pause(): void {
    this.#paused = true;
  }

  /** Goes on after `pause`, unless it was for good. */
  resume(): void {
    if (!this.#ended) this.start();
  }

  /** Pauses for good. */
  end(): void {
    this.#ended = true;
    this.#paused = true;
  }

  /** Gives up what runs: each task is told so, and what still becomes of it counts for nothing. */
  abandon(): void {
    this.end();
    this.#abandoned = true;
    for (const abort of this.#aborts.values()) abort.abort(new Error('the worker gave this task up'));
  }

  /** Calls back once, when the next running task has ended. */
  whenOneEnds(callback: () => void): void {
    this.#onEnd.push(callback);
  }

  /** There may be something to start. Deliveries come in bursts: wait for the whole burst, then choose. */
  wake(): void {
    if (this.#scheduled || this.#paused) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#burst();
    });
  }

  #burst(): void {
    const until = this.clock.now() + BURST_MS;
    let count = 0;
    while (this.free > 0) {
      if (count >= BURST || (count > 0 && count % 16 === 0 && this.clock.now() > until)) {
        this.wake();
        break;
      }
      const task = this.scheduler.next();
      if (task === undefined) break;
      this.#run(task);
      count++;
    }
    this.listener.onTick();
  }

  #run(task: HeldTask): void {
    this.running++;
    this.started++;
    const startedAt = this.clock.epochMicros();
    this.firstStartAt ??= startedAt;
    let result: unknown;
    try {
      result = this.#call(task);
    } catch (error) {
      this.#finish(task, startedAt, 'failed', messageOf(error));
      return;
    }
    if (!isThenable(result)) {
      this.#finish(task, startedAt, 'done', undefined);
      return;
    }
    result.then(
      () => this.#finishLater(task, startedAt, 'done', undefined),
      (error) => this.#finishLater(task, startedAt, 'failed', messageOf(error)),
    );
  }

  #call(task: HeldTask): unknown {
    const { properties, content } = task.message;
    const type = typeof properties.type === 'string' ? properties.type : '';
    const handler = this.handlers.find(type);
    if (handler === undefined) {
      throw new Error(
        `no handler for tasks named ${JSON.stringify(type)}; there are: ${this.handlers.names.join(', ')}`,
      );
    }
    const contentType = typeof properties.contentType === 'string' ? properties.contentType : '';
    return handler({ bytes: content, contentType }, this.#contextOf(task, type));
  }

  /** Most handlers never look at the signal, and making one costs as much as a small task: made on demand. */
  #contextOf(task: HeldTask, type: string): TaskContext {
    const signalOf = () => {
      let abort = this.#aborts.get(task);
      if (abort === undefined) {
        abort = new AbortController();
        this.#aborts.set(task, abort);
      }
      return abort.signal;
    };
    return {
      user: task.envelope.user ?? task.lane.user,
      id: task.id,
      type,
      run: task.envelope.run ?? '',
      attempt: task.envelope.attempt ?? 1,
      get signal() {
        return signalOf();
      },
    };
  }

  #finishLater(task: HeldTask, startedAt: number, outcome: Outcome, failure: string | undefined): void {
    if (this.#abandoned) return;
    this.#finish(task, startedAt, outcome, failure);
    this.wake();
    for (const callback of this.#onEnd.splice(0)) callback();
  }

  #finish(task: HeldTask, startedAt: number, outcome: Outcome, failure: string | undefined): void {
    const finishedAt = this.clock.epochMicros();
    this.running--;
    if (this.#aborts.size > 0) this.#aborts.delete(task);
    this.lastFinishAt = finishedAt;
    if (outcome === 'done') this.completed++;
    else this.failed++;
    const ms = (finishedAt - startedAt) / 1000;
    this.taskMs = follow(this.taskMs, ms);
    task.source.taskMs = follow(task.source.taskMs, ms);
    const { envelope } = task;
    const user = envelope.user ?? task.lane.user;
    this.users.add(user);
    const event: TaskEvent = {
      id: task.id,
      user,
      run: envelope.run ?? '',
      sequence: envelope.sequence ?? 0,
      attempt: envelope.attempt ?? 1,
      outcome,
      worker: this.options.name,
      // A message without the envelope does not say when it was sent: count from its arrival here.
      enqueued: envelope.intendedAt ?? task.arrivedAt,
      started: startedAt,
      finished: finishedAt,
      redelivered: task.message.fields.redelivered,
    };
    this.listener.onFinished(task, event, failure);
  }
}

function follow(mean: number | undefined, value: number): number {
  return mean === undefined ? value : mean + MEAN_GAIN * (value - mean);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
