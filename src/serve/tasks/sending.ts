import type { Connection } from '../../broker/connection/connection.js';
import { within } from '../../broker/connection/within.js';
import { FairqError } from '../../core/errors/errors.js';
import { QueueFull } from '../../core/errors/queue-full.js';
import { deferred } from '../../core/values/deferred.js';
import type { DispatchedTask, Dispatcher } from '../../run/publish/dispatch/dispatcher.js';
import { Problem, serverEnds } from '../http/problem.js';
import { backlogFull, UNKNOWN_SECONDS } from '../pressure/backlog-full.js';
import type { BacklogLimit } from '../pressure/backlog-limit.js';

/** When the broker is asked for again; seconds. */
const AGAIN_AFTER_SECONDS = 5;
/** More that wait for the broker's word are refused: what waits is held in memory. */
const MOST_UNCONFIRMED = 10_000;
/** The rest is for whoever sends single tasks. */
const MOST_OF_MANY = 5_000;
/** The broker may go away meanwhile. */
const LOOK_AGAIN_MS = 1_000;

export interface SendingDeps {
  /** That tasks are sent on. */
  readonly connection: Connection;
  readonly dispatcher: Dispatcher;
  /** A confirm that has not come by then is said to be unknown; milliseconds. */
  readonly confirmWithinMs: number;
  /** Aborts when no task is taken any more. */
  readonly closing: AbortSignal;
  /** Of tasks that a user may have waiting; undefined: any number. */
  readonly backlog?: BacklogLimit | undefined;
}

/** Sends tasks that are asked for by HTTP, and tells a failure as a problem. */
export class Sending {
  /** Who waits until fewer tasks wait for the broker's word. */
  #waiting: (() => void)[] = [];

  constructor(private readonly deps: SendingDeps) {}

  /** Why no task can be sent now; undefined where it can. */
  get trouble(): string | undefined {
    const { connection } = this.deps;
    if (!connection.isConnected) return 'the broker is away';
    if (connection.blocked) return 'the broker is under an alarm, and takes nothing';
    return undefined;
  }

  /** Tasks that the broker has not confirmed. */
  get unconfirmed(): number {
    return this.deps.dispatcher.unconfirmed;
  }

  /**
   * Undefined where another task may be sent now, or is refused; otherwise it resolves when it is to be asked again.
   * Whoever sends many waits for it, so that single tasks of others are not refused.
   */
  room(): Promise<unknown> | undefined {
    const isRefused = this.deps.closing.aborted || this.trouble !== undefined;
    if (isRefused || this.unconfirmed < MOST_OF_MANY) return undefined;
    return within(LOOK_AGAIN_MS, new Promise<void>((resolve) => this.#waiting.push(resolve)));
  }

  /** @throws Problem 503 */
  checkReady(): void {
    if (this.deps.closing.aborted) throw serverEnds();
    const { trouble } = this;
    if (trouble !== undefined) throw unavailable(trouble);
    if (this.deps.dispatcher.unconfirmed >= MOST_UNCONFIRMED) {
      throw unavailable(`${MOST_UNCONFIRMED} tasks wait for the broker's word`);
    }
  }

  /**
   * Resolves when the broker has confirmed the task.
   *
   * @throws Problem 429, 503 where it was not sent; 504 where nobody knows
   */
  async send(task: DispatchedTask): Promise<void> {
    const ready = this.ready(task);
    if (ready !== undefined) await ready;
    return this.within(task.id, this.dispatch(task));
  }

  /**
   * Finds out what has to be known before the task is dispatched; undefined where all is known.
   *
   * @throws Problem 503
   */
  ready(task: DispatchedTask): Promise<void> | undefined {
    this.checkReady();
    return this.deps.backlog?.counting(task);
  }

  /** As `send`, for as long as that takes; rejects with what the dispatcher says. @throws Problem 429, 503 */
  dispatch(task: DispatchedTask): Promise<void> {
    this.checkReady();
    const leave = this.deps.backlog?.enter(task);
    const sent = this.deps.dispatcher.send(task);
    if (leave !== undefined) sent.then(leave, leave);
    return sent;
  }

  /** Waits for a dispatched task, and tells its failure as a problem. What comes later is nobody's matter any more. */
  async within(id: string, sent: Promise<void>): Promise<void> {
    const late = deferred<never>();
    const timer = setTimeout(() => late.reject(unknownOutcome(id)), this.deps.confirmWithinMs);
    sent.catch(() => {}); // it may fail when nobody waits any more
    try {
      await Promise.race([sent, late.promise]);
    } catch (error) {
      if (!(error instanceof FairqError)) throw error;
      if (error instanceof QueueFull) throw queueFull(error);
      if (error.code === 'OUTCOME_UNKNOWN') throw unknownOutcome(id, error);
      throw notTaken(error);
    } finally {
      clearTimeout(timer);
      if (this.#waiting.length > 0 && this.deps.dispatcher.unconfirmed < MOST_OF_MANY) {
        const waiting = this.#waiting;
        this.#waiting = [];
        for (const resolve of waiting) resolve();
      }
    }
  }
}

function unavailable(reason: string): Problem {
  return new Problem(503, 'unavailable', 'No task can be sent now', `Nothing was sent: ${reason}.`, {
    retryAfterSeconds: AGAIN_AFTER_SECONDS,
  });
}

/** Who has set the limit, and why, is not for whoever sends tasks. */
function queueFull(error: QueueFull): Problem {
  const { limit } = error;
  const may = limit === undefined ? 'the queue takes no more' : `${limit.value} may wait, and that many do`;
  const end = limit?.until === undefined ? '' : `; the limit ends at ${new Date(limit.until).toISOString()}`;
  return backlogFull(`Nothing was sent: ${may}${end}.`, UNKNOWN_SECONDS, error);
}

function notTaken(error: FairqError): Problem {
  return new Problem(503, 'not-taken', 'The broker does not take the task', `${error.message}.`, {
    retryAfterSeconds: AGAIN_AFTER_SECONDS,
    cause: error,
  });
}

function unknownOutcome(id: string, cause?: unknown): Problem {
  return new Problem(
    504,
    'outcome-unknown',
    'Nobody knows whether the task was sent',
    `The broker has not confirmed the task ${id}. Ask for it, or repeat the request with the same Idempotency-Key.`,
    { more: { id }, ...(cause !== undefined && { cause }) },
  );
}
