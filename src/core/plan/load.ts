import type { PlanQueueType } from './facts.js';

/** What is planned for. */
export interface PlanLoad {
  /** All that there are. */
  readonly users: number;
  /** Of them, those that have a queue where idle queues are pruned. */
  readonly active: number;
  /** Of the active, those that send bursts. */
  readonly heavy: number;
  readonly tasksPerSecond: number;
  /** Tasks that a heavy user sends at once. */
  readonly burst: number;
  /** Milliseconds that a task takes. */
  readonly taskMs: number;
  /** Of all workers together. */
  readonly slots: number;
  /** Queues that users share. */
  readonly shared: number;
  readonly queueType: PlanQueueType;
  /** Bytes that the broker may use for queues. */
  readonly memory: number;
}

/** Slots that the tasks keep busy, on average; may be more than there are. */
export function busySlots({ tasksPerSecond, taskMs }: PlanLoad): number {
  return (tasksPerSecond * taskMs) / 1_000;
}

/** How long all slots run the tasks of one burst, milliseconds. */
export function burstMs({ burst, taskMs, slots }: PlanLoad): number {
  return (burst * taskMs) / slots;
}
