import type { Failure } from '../../../core/message/dead-letter.js';
import { WorkerKiller } from '../../../core/message/non-retryable-error.js';
import type { Charging } from '../../../core/scheduling/charging.js';
import type { Gate } from '../../../core/scheduling/gate.js';
import type { Scheduler } from '../../../core/scheduling/scheduler.js';
import { BURST, BURST_MS } from '../../../core/scheduling/tuning.js';
import type { Clock } from '../../../core/values/clock.js';
import { type Handlers, promiseOf } from '../handlers/handlers.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import type { MessageFormat } from '../task/message-format.js';
import { type Asked, GateQuestions } from './gate-questions.js';
import { HandlerCalls } from './handler-calls.js';
import type { Admission, RedeliveryGate } from './redelivery-gate.js';
import { RunningTasks } from './running-tasks.js';
import { TaskCounts } from './task-counts.js';
import { failureOf, TaskEnds, type TaskEndsListener, type TaskEndsOptions } from './task-ends.js';
import { TaskRun } from './task-run.js';
import { TimeCharges } from './time-charges.js';
import { TimeLimits, type TimeLimitsOptions } from './time-limits.js';

export interface RunnerListener extends TaskEndsListener {
  /** How long the next start is to wait, milliseconds, unless something happens before; 0 for not at all. */
  waitMs(): number;
  /** A task starts whose envelope makes no sense. */
  onEnvelopeFault?(run: TaskRun, fault: string): void;
  /** The handler of a task is about to be called. */
  onStarted?(run: TaskRun): void;
  /** Whether a task that was about to start is not to any more: it goes back to the broker then. */
  turnsAway(task: DeliveredTask): boolean;
  /** A task that had a slot is given up, and is to be delivered again. */
  onGivenUp(task: DeliveredTask): void;
  /** A burst of starts is over, or a running task has ended. */
  onTick(): void;
}

export interface RunnerOptions extends TaskEndsOptions, TimeLimitsOptions {
  readonly concurrency: number;
  /** Starts at the most. */
  readonly count: number;
  readonly charging: Charging;
  readonly format: MessageFormat;
}

/** What a runner works with. */
export interface RunnerParts {
  readonly scheduler: Scheduler<DeliveredTask>;
  readonly handlers: Handlers;
  /** Who is asked for what was delivered before; undefined: it starts as anything else does. */
  readonly gate: RedeliveryGate | undefined;
}

/** The slots: starts the task that the scheduler says, whenever one is free. */
// long because: who has a slot, and from when to when, is asked and told in every method.
export class Runner {
  readonly counts = new TaskCounts();
  /** Given up, with their handlers still at work: they keep their slots. */
  readonly #lateEnds = new Map<TaskRun, () => void>();
  /** Tasks whose handler has not returned. */
  readonly tasks = new RunningTasks();
  readonly calls = new HandlerCalls();
  readonly #ends: TaskEnds;
  readonly #limits: TimeLimits;
  readonly #questions: GateQuestions | undefined;
  #running = 0;
  #started = 0;
  #paused = true;
  #ended = false;
  #abandoned = false;
  /** Starts allowed for now, beside the count of the options. */
  #allowed = Number.POSITIVE_INFINITY;
  #scheduled = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #onEnd: (() => void)[] = [];

  constructor(
    private readonly options: RunnerOptions,
    private readonly parts: RunnerParts,
    private readonly clock: Clock,
    private readonly listener: RunnerListener,
  ) {
    const { counts, tasks } = this;
    const { handlers, gate, scheduler } = parts;
    const charges = new TimeCharges(options.charging, scheduler);
    this.#ends = new TaskEnds(options, counts, charges, listener);
    this.#limits = new TimeLimits(options, { tasks, counts, charges, handlers }, (run, reason) =>
      this.#finishAndWake(run, { reason }),
    );
    if (gate === undefined) return;
    this.#questions = new GateQuestions(
      gate,
      (asked, admission) => this.#answered(asked, admission),
      () => {
        this.#slotsFreed();
        listener.onTick();
      },
    );
  }

  /** Slots that are taken. */
  get running(): number {
    return this.#running;
  }

  /** Starts so far. */
  get started(): number {
    return this.#started;
  }

  /** Slots that could start a task now. */
  get free(): number {
    if (this.#paused) return 0;
    const { concurrency, count } = this.options;
    return Math.min(concurrency - this.#running, count - this.#started, this.#allowed - this.#started);
  }

  get reachedCount(): boolean {
    return this.#started >= this.options.count;
  }

  /** When something last started or ended; microseconds since the epoch. */
  get lastChangeAt(): number {
    return this.counts.lastChangeAt;
  }

  /** Time that tasks have spent in slots up to now, those that run included; microseconds. */
  spentBy(now: number): number {
    return this.counts.spent + this.tasks.spentBy(now);
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
    for (const run of this.tasks) run.giveUp(new Error('the worker gave this task up'));
  }

  /**
   * Gives up some of what runs: what becomes of it counts for nothing. A handler that goes on keeps its slot.
   *
   * @returns for each when its handler has ended
   */
  giveUp(runs: readonly TaskRun[], reason: Error): Promise<void>[] {
    return runs.map((run) => {
      const ended = new Promise<void>((resolve) => this.#lateEnds.set(run, resolve));
      this.tasks.delete(run);
      run.giveUp(reason);
      this.parts.gate?.ended(run.task, false);
      this.listener.onGivenUp(run.task);
      return ended;
    });
  }

  /** Calls back once, when the next running task has ended. */
  whenOneEnds(callback: () => void): void {
    this.#onEnd.push(callback);
  }

  /** There may be something to start. Deliveries come in bursts: wait for the whole burst, then choose. */
  wake(): void {
    if (this.#scheduled || this.#paused) return;
    this.#scheduled = true;
    setImmediate(() => this.#burst());
  }

  #wakeAfter(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.wake();
    }, ms);
  }

  /** Now and then: sees after tasks that run long. */
  sweep(): void {
    this.#limits.sweep(this.clock.epochMicros());
  }

  #burst(): void {
    this.#scheduled = false;
    const until = this.clock.now() + BURST_MS;
    const { calls } = this;
    let count = 0;
    calls.burstBegins();
    while (this.free > 0) {
      // After a handler that blocked, the network is next: what is prefetched may be lost with its connection.
      if (
        count >= BURST ||
        calls.lastMs > BURST_MS ||
        (count > 0 && count % 16 === 0 && this.clock.now() > until)
      ) {
        this.wake();
        break;
      }
      // Those that are asked about start together: one by one, where each may block.
      if (calls.block && this.#questions !== undefined && this.#questions.open > 0) break;
      const waitMs = this.listener.waitMs();
      if (waitMs > 0) {
        this.#wakeAfter(waitMs);
        break;
      }
      const task = this.parts.scheduler.next();
      if (task === undefined) break;
      const { charge } = task.lane;
      const gate = this.parts.scheduler.gateOf(task.lane);
      if (this.#questions !== undefined && task.message.fields.redelivered) {
        this.#running++;
        this.#started++;
        this.#questions.add({ task, charge, gate });
      } else this.#run(task, charge, gate);
      count++;
    }
    this.#questions?.ask();
    this.listener.onTick();
  }

  #answered({ task, charge, gate }: Asked, admission: Admission): void {
    this.#running--;
    this.#started--;
    if (this.#mayStart(task, gate, admission)) {
      this.#run(task, charge, gate);
      return;
    }
    gate?.notStarted();
    if (admission.kind !== 'never' || this.#abandoned) return;
    task.attempt = admission.attempt;
    this.#finish(this.#taken(task, charge), failureOf(new WorkerKiller(admission.reason)));
  }

  /** A pause, or the loss of its permit, may have come while it was asked about. */
  #mayStart(task: DeliveredTask, gate: Gate | undefined, { kind }: Admission): boolean {
    if (kind !== 'start' || this.#abandoned) return false;
    return !this.listener.turnsAway(task) && !this.#hasLostItsGate(task, gate);
  }

  #hasLostItsGate(task: DeliveredTask, gate: Gate | undefined): boolean {
    const isLost = gate?.isLost?.() ?? false;
    if (isLost) {
      this.parts.gate?.ended(task, false);
      this.listener.onGivenUp(task);
    }
    return isLost;
  }

  /** It has a slot from here on. */
  #taken(task: DeliveredTask, charge: number, gate?: Gate): TaskRun {
    this.#running++;
    this.#started++;
    const run = new TaskRun(task, this.clock.epochMicros(), charge, gate);
    if (run.envelopeFault !== undefined) this.listener.onEnvelopeFault?.(run, run.envelopeFault);
    this.counts.started(run.startedAt);
    return run;
  }

  #run(task: DeliveredTask, charge: number, gate: Gate | undefined): void {
    const run = this.#taken(task, charge, gate);
    let result: unknown;
    let promise: Promise<unknown> | undefined;
    try {
      result = this.#call(run);
      promise = promiseOf(result);
      gate?.started?.();
    } catch (error) {
      gate?.started?.();
      this.calls.returned(task, run.startedAt, this.#finish(run, failureOf(error)));
      return;
    }
    if (promise === undefined) {
      this.calls.returned(task, run.startedAt, this.#finish(run, undefined, result));
      return;
    }
    this.calls.returned(task, run.startedAt, this.clock.epochMicros());
    this.tasks.add(run);
    promise.then(
      (value) => this.#handlerEnded(run, undefined, value),
      (error) => this.#handlerEnded(run, failureOf(error)),
    );
  }

  #call(run: TaskRun): unknown {
    const { handlers } = this.parts;
    const { type, payload } = this.options.format.read(run.task.message, run.startedAt);
    run.begins(type);
    const handler = handlers.find(type);
    if (handler === undefined) {
      throw new Error(
        `no handler for tasks named ${JSON.stringify(type)}; there are: ${handlers.names.join(', ')}`,
      );
    }
    this.listener.onStarted?.(run);
    return run.call(handler, payload);
  }

  #handlerEnded(run: TaskRun, failure: Failure | undefined, value?: unknown): void {
    if (this.#abandoned) return;
    // What has let it go may give it up at this moment.
    if (!run.ended) run.gate?.isLost?.();
    if (this.#lateEnds.has(run)) this.#lateEnd(run);
    else if (!run.ended) this.#finishAndWake(run, failure, value);
  }

  #lateEnd(run: TaskRun): void {
    const tell = this.#lateEnds.get(run);
    this.#lateEnds.delete(run);
    this.#running--;
    tell?.();
    this.#slotsFreed();
  }

  #finishAndWake(run: TaskRun, failure: Failure | undefined, value?: unknown): void {
    this.tasks.delete(run);
    this.#finish(run, failure, value);
    this.#slotsFreed();
  }

  #slotsFreed(): void {
    this.wake();
    for (const callback of this.#onEnd.splice(0)) callback();
  }

  /** @returns when it ended; microseconds since the epoch */
  #finish(run: TaskRun, failure: Failure | undefined, value?: unknown): number {
    const finishedAt = this.clock.epochMicros();
    run.ends(failure);
    this.#running--;
    const stays = this.#ends.end(run, finishedAt, failure, value);
    this.parts.gate?.ended(run.task, stays);
    return finishedAt;
  }
}
