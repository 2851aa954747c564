import { messageOf } from '../../../core/errors/errors.js';
import type { TaskEvent } from '../../../core/events/task-event.js';
import { attemptsBefore, type Failure } from '../../../core/message/dead-letter.js';
import { delayAfter, type RetryPolicy } from '../../../core/message/retry-policy.js';
import { Unrunnable, WorkerKiller } from '../../../core/message/unrunnable.js';
import { type Charging, timeCharge } from '../../../core/scheduling/charging.js';
import type { Scheduler } from '../../../core/scheduling/scheduler.js';
import type { TaskTimes } from '../../../core/scheduling/task-times.js';
import { BURST, BURST_MS } from '../../../core/scheduling/tuning.js';
import type { Clock } from '../../../core/values/clock.js';
import { type Handlers, isThenable } from '../handlers/handlers.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import type { RunFailure } from '../task/run-failure.js';
import type { TaskForm } from '../task/task-form.js';
import type { Admission, RedeliveryGate } from './redelivery-gate.js';
import { RunContext, TaskRun } from './task-run.js';

/** Of why a task failed, and of its stack: whoever is told gets it in one message. Characters. */
const REASON_KEPT = 20_000;

/** A handler that keeps the event loop for so long is remembered. */
const BLOCKING_MS = 1_000;

/** A handler that kept the event loop for so long, milliseconds. */
export interface LongCall {
  readonly task: DeliveredTask;
  readonly ms: number;
}

export interface RunnerListener {
  /**
   * @param value what the handler returned, or its promise came to
   * @returns whether it waits here for its next attempt
   */
  onFinished(run: TaskRun, event: TaskEvent, failure: RunFailure | undefined, value: unknown): boolean;
  /** How long the next start is to wait, milliseconds, unless something happens before; 0 for not at all. */
  waitMs(): number;
  /** A task starts whose envelope makes no sense. */
  onEnvelopeFault?(run: TaskRun, fault: string): void;
  /** A burst of starts is over, or a running task has ended. */
  onTick(): void;
}

export interface RunnerOptions {
  readonly name: string;
  readonly concurrency: number;
  /** Starts at the most. */
  readonly count: number;
  readonly charging: Charging;
  /** A task that runs longer counts as failed; undefined: it may run for ever. */
  readonly taskTimeoutMs: number | undefined;
  readonly retry: RetryPolicy;
  readonly form: TaskForm;
  /** How long tasks take here; a runner tells it. */
  readonly times: TaskTimes;
}

interface Asked {
  readonly task: DeliveredTask;
  /** What its user was charged when it was next. */
  readonly charge: number;
}

/** The slots: starts the task that the scheduler says, whenever one is free. */
export class Runner {
  running = 0;
  started = 0;
  completed = 0;
  failed = 0;
  retried = 0;
  timedOut = 0;
  /** What all tasks that ended have spent in slots; microseconds. */
  #spent = 0;
  readonly users = new Set<string>();
  /** This and the next two: microseconds since the epoch. */
  firstStartAt: number | undefined;
  lastFinishAt: number | undefined;
  /** When something last started or ended. */
  lastChangeAt = 0;
  #paused = true;
  #ended = false;
  #abandoned = false;
  /** Starts allowed for now, beside the count of the options. */
  #allowed = Number.POSITIVE_INFINITY;
  #scheduled = false;
  #timer: NodeJS.Timeout | undefined;
  /** How long the last handler kept the event loop, milliseconds. */
  #callMs = 0;
  /** That was long. */
  #blocks = false;
  /** Tasks that the gate has not answered for. */
  #asking = 0;
  /** The call that kept it for longest, since somebody asked. */
  #longestCall: LongCall | undefined;
  readonly #onEnd: (() => void)[] = [];
  /** Tasks whose handler has not returned, in the order of their starts. */
  readonly #inFlight = new Set<TaskRun>();

  constructor(
    private readonly options: RunnerOptions,
    private readonly scheduler: Scheduler<DeliveredTask>,
    private readonly handlers: Handlers,
    private readonly clock: Clock,
    private readonly listener: RunnerListener,
    /** Who is asked for what was delivered before; undefined: it starts as anything else does. */
    private readonly gate?: RedeliveryGate,
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
    for (const run of this.#inFlight) run.giveUp(new Error('the worker gave this task up'));
  }

  /** Tasks whose handler has not returned. */
  get inHandlers(): number {
    return this.#inFlight.size;
  }

  /** The task whose handler has kept the event loop for longest, since this was asked last; undefined: none for long. */
  takeLongestCall(): LongCall | undefined {
    const longest = this.#longestCall;
    this.#longestCall = undefined;
    return longest;
  }

  *runningTasks(): Iterable<DeliveredTask> {
    for (const { task } of this.#inFlight) yield task;
  }

  /** Tasks that run now, those that started first before the others. */
  get inFlight(): Iterable<TaskRun> {
    return this.#inFlight;
  }

  /** Time that tasks have spent in slots up to now, those that run included; microseconds. */
  spentBy(now: number): number {
    let spent = this.#spent;
    for (const { startedAt } of this.#inFlight) spent += now - startedAt;
    return spent;
  }

  /** The task that runs now under this id. */
  find(id: string): TaskRun | undefined {
    for (const run of this.#inFlight) if (run.task.id === id) return run;
    return undefined;
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

  #wakeAfter(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.wake();
    }, ms);
  }

  /**
   * Looks at what runs, now and then: ends what is over its time, and learns from what already runs
   * longer than was expected, so that a user whose first tasks take hours is neither sent more of
   * them than it can start nor charged for them as if they were short.
   */
  sweep(): void {
    const now = this.clock.epochMicros();
    const { taskTimeoutMs = Number.POSITIVE_INFINITY, charging, times } = this.options;
    for (const run of this.#inFlight) {
      const elapsed = (now - run.startedAt) / 1000;
      if (elapsed >= taskTimeoutMs) {
        this.#timeOut(run, taskTimeoutMs);
        continue;
      }
      const { lane } = run.task;
      times.runsOn(lane, elapsed);
      if (charging === 'time' && elapsed > run.charged) this.#charge(run, elapsed);
    }
  }

  #burst(): void {
    const until = this.clock.now() + BURST_MS;
    let count = 0;
    const asked: Asked[] = [];
    this.#callMs = 0;
    while (this.free > 0) {
      // After a handler that blocked, the network is next: what is held may be lost with its connection.
      if (
        count >= BURST ||
        this.#callMs > BURST_MS ||
        (count > 0 && count % 16 === 0 && this.clock.now() > until)
      ) {
        this.wake();
        break;
      }
      // Those that are asked about start together: one by one, where each may block.
      if (this.#blocks && this.#asking + asked.length > 0) break;
      const waitMs = this.listener.waitMs();
      if (waitMs > 0) {
        this.#wakeAfter(waitMs);
        break;
      }
      const task = this.scheduler.next();
      if (task === undefined) break;
      const { charge } = task.lane;
      if (task.message.fields.redelivered && this.gate !== undefined) {
        this.running++;
        this.started++;
        asked.push({ task, charge });
      } else this.#run(task, charge);
      count++;
    }
    if (asked.length > 0 && this.gate !== undefined) this.#ask(this.gate, asked);
    this.listener.onTick();
  }

  /** They have their slots until there is an answer. */
  #ask(gate: RedeliveryGate, asked: readonly Asked[]): void {
    this.#asking += asked.length;
    gate.admit(asked.map(({ task }) => task)).then((admissions) => {
      this.#asking -= asked.length;
      asked.forEach((one, i) => {
        this.running--;
        this.started--;
        if (!this.#abandoned) this.#admit(one, admissions[i]!);
      });
      this.#slotsFreed();
      this.listener.onTick();
    });
  }

  #admit({ task, charge }: Asked, admission: Admission): void {
    if (admission.kind === 'start') this.#run(task, charge);
    if (admission.kind !== 'never') return;
    task.attempt = admission.attempt;
    const run = this.#taken(task, charge);
    this.#finish(run, failureOf(new WorkerKiller(admission.reason)));
  }

  /** It has a slot from here on. */
  #taken(task: DeliveredTask, charge: number): TaskRun {
    this.running++;
    this.started++;
    const run = new TaskRun(task, this.clock.epochMicros(), charge);
    if (run.envelopeFault !== undefined) this.listener.onEnvelopeFault?.(run, run.envelopeFault);
    this.lastChangeAt = run.startedAt;
    this.firstStartAt ??= run.startedAt;
    return run;
  }

  #run(task: DeliveredTask, charge: number): void {
    const run = this.#taken(task, charge);
    let result: unknown;
    try {
      result = this.#call(run);
    } catch (error) {
      this.#finish(run, failureOf(error));
      this.#called(run, this.lastChangeAt);
      return;
    }
    if (!isThenable(result)) {
      this.#finish(run, undefined, result);
      this.#called(run, this.lastChangeAt);
      return;
    }
    this.#called(run, this.clock.epochMicros());
    this.#inFlight.add(run);
    result.then(
      (value) => this.#handlerEnded(run, undefined, value),
      (error) => this.#handlerEnded(run, failureOf(error)),
    );
  }

  /** @param until when its handler returned, microseconds since the epoch */
  #called({ task, startedAt }: TaskRun, until: number): void {
    this.#callMs = (until - startedAt) / 1000;
    this.#blocks = this.#callMs > BURST_MS;
    if (this.#callMs > BLOCKING_MS && this.#callMs > (this.#longestCall?.ms ?? 0)) {
      this.#longestCall = { task, ms: this.#callMs };
    }
  }

  #call(run: TaskRun): unknown {
    const { type, payload } = this.options.form.read(run.task.message, run.startedAt);
    run.type = type;
    const handler = this.handlers.find(type);
    if (handler === undefined) {
      throw new Error(
        `no handler for tasks named ${JSON.stringify(type)}; there are: ${this.handlers.names.join(', ')}`,
      );
    }
    return handler(payload, new RunContext(run, type));
  }

  #timeOut(run: TaskRun, ms: number): void {
    if (run.told) return;
    const reason = `it ran for longer than ${ms} ms (--task-timeout)`;
    this.timedOut++;
    if (this.handlers.endsWhenTold) {
      // The next attempt is not to run beside this one: it fails when it has ended.
      run.tell(new Error(reason));
      return;
    }
    run.giveUp(new Error(reason));
    this.#finishAndWake(run, { reason });
  }

  #handlerEnded(run: TaskRun, failure: Failure | undefined, value?: unknown): void {
    if (run.ended || this.#abandoned) return;
    this.#finishAndWake(run, failure, value);
  }

  #finishAndWake(run: TaskRun, failure: Failure | undefined, value?: unknown): void {
    this.#inFlight.delete(run);
    this.#finish(run, failure, value);
    this.#slotsFreed();
  }

  #slotsFreed(): void {
    this.wake();
    for (const callback of this.#onEnd.splice(0)) callback();
  }

  #finish(run: TaskRun, failure: Failure | undefined, value?: unknown): void {
    const { task, startedAt, envelope } = run;
    const { lane } = task;
    const { user, attempt } = envelope;
    const retryAfterMs = failure && this.#retryAfter(run, failure);
    const outcome = failure === undefined ? 'done' : retryAfterMs === undefined ? 'failed' : 'retrying';
    const finishedAt = this.clock.epochMicros();
    const ms = (finishedAt - startedAt) / 1000;
    run.ended = true;
    this.running--;
    this.#spent += finishedAt - startedAt;
    this.lastChangeAt = finishedAt;
    this.lastFinishAt = finishedAt;
    if (outcome === 'done') this.completed++;
    else if (outcome === 'failed') this.failed++;
    else this.retried++;
    this.options.times.ended(lane, ms);
    if (this.options.charging === 'time') this.#charge(run, timeCharge(ms));
    this.users.add(user);
    const event: TaskEvent = {
      id: task.id,
      user,
      run: envelope.run,
      sequence: envelope.sequence,
      attempt,
      outcome,
      worker: this.options.name,
      enqueued: envelope.intendedAt,
      sentLate: envelope.sentAt - envelope.intendedAt,
      started: startedAt,
      finished: finishedAt,
      redelivered: task.message.fields.redelivered,
      hasResult: false,
    };
    const stays = this.listener.onFinished(run, event, failure && { ...failure, retryAfterMs }, value);
    this.gate?.ended(task, stays);
  }

  #retryAfter({ task, envelope }: TaskRun, { thrown }: Failure): number | undefined {
    if (thrown instanceof Unrunnable) return undefined;
    const before = attemptsBefore(task.message.properties.headers);
    return delayAfter(this.options.retry, Math.max(1, envelope.attempt - before));
  }

  /** Puts the charge for a task right: `charge` in all. */
  #charge(run: TaskRun, charge: number): void {
    this.scheduler.correct(run.task.lane, charge - run.charged);
    run.charged = charge;
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof Unrunnable) return { reason: error.message, thrown: error };
  // A handler may throw whatever it likes, with a stack that is no text.
  const stack: unknown = error instanceof Error ? error.stack : undefined;
  return {
    reason: messageOf(error).slice(0, REASON_KEPT),
    stack: typeof stack === 'string' ? stack.slice(0, REASON_KEPT) : undefined,
    thrown: error,
  };
}
