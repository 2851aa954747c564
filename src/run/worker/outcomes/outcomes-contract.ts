import type { DeliveredTask } from '../task/delivered-task.js';
import type { WrittenCompletions } from '../task/written-completions.js';
import type { WorkerListener, WorkerOptions } from '../worker-contract.js';
import type { Settlement } from './settlement.js';
import type { TaskMoves } from './task-moves.js';

export type OutcomesOptions = Pick<WorkerOptions, 'name' | 'queueKind' | 'retry' | 'results' | 'format'>;

/** Where the tasks came from: told when a delivery may be acknowledged. */
export interface Deliveries {
  /** What has been acknowledged until now, as a number that comes back with what is sent after it. */
  readonly acknowledgedSoFar: number;
  /**
   * What became of these tasks is safe.
   *
   * @param written what was written of them; undefined for tasks that have no completion
   */
  settled(tasks: readonly DeliveredTask[], written?: WrittenCompletions): void;
  /** A task that has waited here is to start once more. @param attempt its number */
  again(task: DeliveredTask, attempt: number): void;
}

type Told = Pick<
  WorkerListener,
  'onTaskEnded' | 'onTaskFailed' | 'onFailureStuck' | 'onResultDropped' | 'onWarning'
>;

export interface OutcomesListener extends Told {
  /** Deliveries were acknowledged: there may be room for more. */
  onSettled(): void;
  /** A task that was counted as done has failed: what it returned is more than the broker takes. */
  onFailedAfterAll(): void;
  /** Nothing is at hand, and more comes only when the broker hears of what is done. */
  outOfWork(): boolean;
  onFailure(error: Error): void;
}

/** Writes down how attempts ended, and tells when that is confirmed. */
export type Completions = Pick<
  Settlement,
  | 'pending'
  | 'collected'
  | 'unsettled'
  | 'finished'
  | 'attempted'
  | 'givenUp'
  | 'result'
  | 'answer'
  | 'answerFirst'
  | 'flush'
  | 'settled'
>;

/** Sends tasks on to other queues. */
export type Moves = Pick<
  TaskMoves,
  'pending' | 'stuck' | 'stuckLetters' | 'tasks' | 'retry' | 'deadLetter' | 'postpone' | 'settled' | 'close'
>;
