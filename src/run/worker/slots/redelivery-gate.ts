import type { DeliveredTask } from '../task/delivered-task.js';

/** Whether a task may start. */
export type Admission =
  /** It may. */
  | { readonly kind: 'start' }
  /** It waits, or is no longer here: its slot is free. */
  | { readonly kind: 'later' }
  /** It never may: it is a dead letter, with so many starts in all. */
  | { readonly kind: 'never'; readonly reason: string; readonly attempt: number };

/** Asked before a task starts that was delivered before, which may have ended its worker. */
export interface RedeliveryGate {
  /** Resolves with an answer for each of them, in their order. They keep their slots meanwhile. */
  admit(tasks: readonly DeliveredTask[]): Promise<readonly Admission[]>;
  /** @param stays it has failed, and waits here for its next attempt */
  ended(task: DeliveredTask, stays: boolean): void;
}
