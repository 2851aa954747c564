import type { Connection } from '../../broker/connection/connection.js';
import { FairqError } from '../../core/errors/errors.js';
import { deferred } from '../../core/values/deferred.js';
import type { DispatchedTask, Dispatcher } from '../../run/publish/dispatch/dispatcher.js';
import { Problem } from '../http/problem.js';

/** When the broker is asked for again; seconds. */
const AGAIN_AFTER_SECONDS = 5;
/** More that wait for the broker's word are refused: what waits is held in memory. */
const MOST_UNCONFIRMED = 10_000;

export interface SendingDeps {
  /** That tasks are sent on. */
  readonly connection: Connection;
  readonly dispatcher: Dispatcher;
  /** A confirm that has not come by then is said to be unknown; milliseconds. */
  readonly confirmWithinMs: number;
}

/** Sends tasks that are asked for by HTTP, and tells a failure as a problem. */
export class Sending {
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

  /** @throws Problem 503 */
  checkReady(): void {
    const { trouble } = this;
    if (trouble !== undefined) throw unavailable(trouble);
    if (this.deps.dispatcher.unconfirmed >= MOST_UNCONFIRMED) {
      throw unavailable(`${MOST_UNCONFIRMED} tasks wait for the broker's word`);
    }
  }

  /**
   * Resolves when the broker has confirmed the task.
   *
   * @throws Problem 503 where it was not sent; 504 where nobody knows
   */
  send(task: DispatchedTask): Promise<void> {
    return this.within(task.id, this.dispatch(task));
  }

  /** The same, for as long as that takes; rejects with what the dispatcher says. @throws Problem 503 */
  dispatch(task: DispatchedTask): Promise<void> {
    this.checkReady();
    return this.deps.dispatcher.send(task);
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
      if (error.code === 'OUTCOME_UNKNOWN') throw unknownOutcome(id, error);
      throw notTaken(error);
    } finally {
      clearTimeout(timer);
    }
  }
}

function unavailable(reason: string): Problem {
  return new Problem(503, 'unavailable', 'No task can be sent now', `Nothing was sent: ${reason}.`, {
    retryAfterSeconds: AGAIN_AFTER_SECONDS,
  });
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
