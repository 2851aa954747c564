import type { GivenUpAttempt } from '../../../core/events/given-up.js';
import type { TaskEvent } from '../../../core/events/task-event.js';
import { completeEnvelope, decodeEnvelope, type Envelope } from '../../../core/message/envelope.js';
import { NonRetryableError, WorkerKiller } from '../../../core/message/non-retryable-error.js';
import type { Clock } from '../../../core/values/clock.js';
import { OrderedRetries } from '../retries/ordered-retries.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import type { Answer } from '../task/message-format.js';
import type { RunFailure } from '../task/run-failure.js';
import type { ChannelDeps } from '../worker-contract.js';
import { FlushPolicy } from './flush-policy.js';
import { LARGE_BYTES, LargeMessages } from './large-messages.js';
import { attemptOf, type Outcome, type RetriedFailure } from './outcome.js';
import type {
  Completions,
  Deliveries,
  Moves,
  OutcomesListener,
  OutcomesOptions,
} from './outcomes-contract.js';
import { Results } from './results.js';
import { Settlement } from './settlement.js';
import { type Fate, TaskMoves } from './task-moves.js';

/** What a unit of a text may take in UTF-8. */
const MOST_BYTES_A_UNIT = 3;

/**
 * The one door for the end of a task: `settle` is told what became of it, and does the rest. It keeps the result,
 * answers whoever waits, sends the task on where it is to be tried again or is a dead letter, and writes the
 * completion. A delivery is acknowledged when all of that is safe, and not before.
 */
export class Outcomes {
  readonly #results: Results;
  readonly #ordered: OrderedRetries;
  readonly #flush: FlushPolicy;

  /** For tests, which have senders of their own; else `open`. */
  constructor(
    private readonly senders: { readonly completions: Completions; readonly moves: Moves },
    private readonly options: Pick<OutcomesOptions, 'name' | 'results' | 'format'>,
    private readonly clock: Clock,
    private readonly deliveries: Deliveries,
    private readonly listener: OutcomesListener,
  ) {
    this.#results = new Results(options.results, (event, reason) => listener.onResultDropped(event, reason));
    this.#ordered = new OrderedRetries((task, attempt) => deliveries.again(task, attempt));
    this.#flush = new FlushPolicy(senders.completions, () => listener.outOfWork());
  }

  /** What fairq keeps on the broker, and the delay queues, have to be there; where they go later they are made again. */
  static async open(
    { connection, names, clock }: ChannelDeps,
    options: OutcomesOptions,
    deliveries: Deliveries,
    listener: OutcomesListener,
  ): Promise<Outcomes> {
    const large = new LargeMessages(connection);
    const [completions, moves] = await Promise.all([
      Settlement.open(connection, names, options, large, {
        acknowledgedSoFar: () => deliveries.acknowledgedSoFar,
        onSettled: (tasks, written) => {
          deliveries.settled(tasks, written);
          listener.onSettled();
        },
        onWarning: (text) => listener.onWarning(text),
        onFailure: (error) => listener.onFailure(error),
      }),
      TaskMoves.open(connection, names, options, large, listener),
    ]);
    return new Outcomes({ completions, moves }, options, clock, deliveries, listener);
  }

  /** Tasks that have ended here, and what became of them is not safe. Those that are stuck do not count. */
  get unconfirmed(): number {
    return this.senders.completions.pending + this.senders.moves.pending;
  }

  /** Failed tasks that the queue to which they are to go does not take. */
  get stuck(): number {
    return this.senders.moves.stuck;
  }

  /** Those of them that have failed for good. */
  get stuckLetters(): number {
    return this.senders.moves.stuckLetters;
  }

  /** Tasks that wait here for their next attempt. */
  get waiting(): number {
    return this.#ordered.size;
  }

  /** Tasks that do not run, and are not acknowledged: what becomes of them is decided, or they wait here. */
  *unsettled(): Iterable<DeliveredTask> {
    yield* this.#ordered.tasks();
    yield* this.senders.completions.unsettled();
    yield* this.senders.moves.tasks();
  }

  settle(task: DeliveredTask, outcome: Outcome): void {
    switch (outcome.kind) {
      case 'done':
        this.#done(task, outcome.event, outcome.value);
        return;
      case 'retry':
      case 'dead letter':
        this.#failed(task, this.#recordFailure(task, outcome.event, outcome.failure), outcome.failure);
        return;
      case 'stays':
        this.#stays(task, this.#recordFailure(task, outcome.event, outcome.failure), outcome.failure);
        return;
      case 'postponed':
        this.#postponed(task, outcome.dueAt);
        return;
      case 'done before':
        this.#completed(task, outcome.event);
        return;
    }
  }

  /** A task that was on its way back here for its next attempt, which cannot be. Whoever waits for it is to know. */
  deadElsewhere(
    id: string,
    { user, run, sequence, attempt, intendedAt, sentAt }: Envelope,
    reason: string,
  ): void {
    const now = this.clock.epochMicros();
    const event: TaskEvent = {
      id,
      user,
      run,
      sequence,
      attempt,
      outcome: 'failed',
      worker: this.options.name,
      enqueued: intendedAt,
      sentLate: sentAt - intendedAt,
      started: now,
      finished: now,
      redelivered: false,
      hasResult: false,
    };
    this.senders.completions.attempted(
      this.#keepResult(event, { reason, retryAfterMs: undefined }, undefined),
    );
    this.#flush.flushSoon();
  }

  /** What becomes of them counts for nothing: only that they ran is written down. */
  givenUp(attempts: readonly GivenUpAttempt[]): void {
    this.senders.completions.givenUp(attempts);
  }

  /** After a burst of ends: completions go out in batches. */
  flushSoon(): void {
    this.#flush.flushSoon();
  }

  /** Resolves when every task that was sent on is safe, but for those that are stuck. None is tried again here. */
  async moved(): Promise<void> {
    this.#ordered.clear();
    await this.senders.moves.settled();
  }

  /** Resolves when all that was written is confirmed. */
  settled(): Promise<void> {
    return this.senders.completions.settled();
  }

  close(): void {
    this.#ordered.clear();
    this.#flush.close();
    this.senders.moves.close();
  }

  #done(task: DeliveredTask, event: TaskEvent, value: unknown): void {
    const answers = this.options.format.answers(task, undefined, value);
    if (mayBeTooLarge(answers)) this.#answerFirst(task, event, value, answers);
    else this.#completionOf(task, event, value, answers);
  }

  #completionOf(task: DeliveredTask, ended: TaskEvent, value: unknown, answers: readonly Answer[]): void {
    const event = this.#keepResult(ended, undefined, value);
    this.listener.onTaskEnded(event, false, undefined, value);
    this.#answer(answers);
    this.senders.completions.finished(task, event);
  }

  /** The task has ended when it is known whether the broker takes its answers. */
  #answerFirst(task: DeliveredTask, event: TaskEvent, value: unknown, answers: readonly Answer[]): void {
    this.senders.completions.answerFirst(task, answers, (limit) => {
      if (limit === undefined) {
        this.#completionOf(task, event, value, []);
      } else {
        const reason = `what it returned is too large: the broker takes messages of at most ${limit} bytes`;
        const failure = { reason, thrown: new NonRetryableError(reason), retryAfterMs: undefined };
        this.listener.onFailedAfterAll();
        this.settle(task, { kind: 'dead letter', event: { ...event, outcome: 'failed' }, failure });
      }
      this.#flush.flushSoon();
    });
  }

  /** @returns the event to write when the task is safe */
  #recordFailure(task: DeliveredTask, ended: TaskEvent, failure: RunFailure): TaskEvent {
    const event = this.#keepResult(ended, failure, undefined);
    this.listener.onTaskEnded(event, failure.thrown instanceof WorkerKiller, failure, undefined);
    this.#answer(this.options.format.answers(task, failure, undefined));
    return event;
  }

  /** What failed is said and written down as failed when its next attempt, or its dead letter, is safe. */
  #failed(task: DeliveredTask, event: TaskEvent, failure: RunFailure): void {
    const { user, id } = event;
    const { reason, retryAfterMs } = failure;
    const fate: Fate = {
      onSafe: () => {
        this.listener.onTaskFailed(user, id, reason, retryAfterMs);
        this.#completed(task, event);
      },
      onStuck: (queue) => this.listener.onFailureStuck(user, id, reason, queue),
    };
    const attempt = attemptOf(task, event);
    if (retryAfterMs === undefined) this.senders.moves.deadLetter(task, attempt, failure, fate);
    else this.senders.moves.retry(task, attempt, retryAfterMs, fate);
  }

  /** The attempt is written down; there is nothing to acknowledge. */
  #stays(task: DeliveredTask, event: TaskEvent, { reason, retryAfterMs }: RetriedFailure): void {
    this.listener.onTaskFailed(event.user, event.id, reason, retryAfterMs);
    this.#ordered.wait(task, retryAfterMs, event.attempt + 1);
    this.senders.completions.attempted(event);
  }

  #postponed(task: DeliveredTask, dueAt: number): void {
    const found = decodeEnvelope(task.message.properties.headers);
    const envelope = completeEnvelope(found, task.lane.user, task.arrivedAt);
    this.senders.moves.postpone(task, envelope, dueAt, this.clock.epochMicros(), () => {
      this.deliveries.settled([task]);
      this.listener.onSettled();
    });
  }

  #completed(task: DeliveredTask, event: TaskEvent): void {
    this.senders.completions.finished(task, event);
    this.#flush.flushSoon();
  }

  /** The result goes out before the completion that speaks of it: whoever reads the completion finds the result. */
  #keepResult(event: TaskEvent, failure: RunFailure | undefined, value: unknown): TaskEvent {
    const result = this.#results.lineOf(event, failure, value);
    if (result === undefined) return event;
    this.senders.completions.result(result);
    return { ...event, hasResult: true };
  }

  #answer(answers: readonly Answer[]): void {
    for (const answer of answers) this.senders.completions.answer(answer);
  }
}

function mayBeTooLarge(answers: readonly Answer[]): boolean {
  for (const { body } of answers) if (body.length > LARGE_BYTES / MOST_BYTES_A_UNIT) return true;
  return false;
}
