import { ArrivalScheduler } from '../../core/scheduling/arrival-scheduler.js';
import { expectedCharge } from '../../core/scheduling/charging.js';
import { FairScheduler } from '../../core/scheduling/fair-scheduler.js';
import type { Scheduler } from '../../core/scheduling/scheduler.js';
import type { TaskTimes } from '../../core/scheduling/task-times.js';
import { describeRule, type FoundWeight } from '../../core/scheduling/weights.js';
import type { DeliveredTask } from './task/delivered-task.js';
import type { WorkerOptions } from './worker-contract.js';

/**
 * Says whose task is next, by the strategy that was asked for.
 *
 * @param times how long tasks take here
 * @param detail says why a user has its weight
 */
export function workerScheduler(
  { strategy, weights, charging }: Pick<WorkerOptions, 'strategy' | 'weights' | 'charging'>,
  times: Pick<TaskTimes, 'allMs'>,
  detail: (text: string) => void,
): Scheduler<DeliveredTask> {
  if (strategy !== 'fair') return new ArrivalScheduler<DeliveredTask>();
  return new FairScheduler<DeliveredTask>(
    (user) => {
      const found = weights.find(user);
      const text = describeChoice(user, found);
      if (text !== undefined) detail(text);
      return found.weight;
    },
    charging === 'count' ? undefined : (lane) => expectedCharge(lane, times.allMs),
  );
}

/** Said only where there was something to choose. */
function describeChoice(user: string, { rule, passedOver }: FoundWeight): string | undefined {
  if (rule === undefined || passedOver.length === 0) return undefined;
  const others = passedOver.map(describeRule).join(', ');
  return `user ${JSON.stringify(user)}: weight ${rule.weight}, since ${describeRule(rule)} is more exact than ${others}`;
}
