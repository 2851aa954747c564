import { ArrivalScheduler } from '../../core/scheduling/arrival-scheduler.js';
import { expectedCharge } from '../../core/scheduling/charging.js';
import { FairScheduler } from '../../core/scheduling/fair-scheduler.js';
import type { Lane, Scheduler } from '../../core/scheduling/scheduler.js';
import type { TaskTimes } from '../../core/scheduling/task-times.js';
import { TenantScheduler } from '../../core/scheduling/tenant-scheduler.js';
import { describeRule, type FoundWeight, type Weights } from '../../core/scheduling/weights.js';
import type { DeliveredTask } from './task/delivered-task.js';
import type { WorkerOptions } from './worker-contract.js';

/**
 * Says whose task is next, by the strategy that was asked for.
 *
 * @param times how long tasks take here
 * @param detail says why a user has its weight
 */
export function workerScheduler(
  {
    strategy,
    weights,
    charging,
    tenants,
  }: Pick<WorkerOptions, 'strategy' | 'weights' | 'charging' | 'tenants'>,
  times: Pick<TaskTimes, 'allMs'>,
  detail: (text: string) => void,
): Scheduler<DeliveredTask> {
  if (strategy !== 'fair') return new ArrivalScheduler<DeliveredTask>();
  const weightOf = (whose: Weights, what: string) => (name: string) => {
    const found = whose.find(name);
    const text = describeChoice(`${what} ${JSON.stringify(name)}`, found);
    if (text !== undefined) detail(text);
    return found.weight;
  };
  const ofUser = weightOf(weights, 'user');
  const cost =
    charging === 'count' ? undefined : (lane: Lane<DeliveredTask>) => expectedCharge(lane, times.allMs);
  if (tenants === undefined) return new FairScheduler(ofUser, cost);
  const scheduler = new TenantScheduler(tenants.rule.tenantOf, ofUser, cost);
  scheduler.tenants.reweigh(weightOf(tenants.weights, 'tenant'));
  return scheduler;
}

/** Said only where there was something to choose. */
function describeChoice(whose: string, { rule, passedOver }: FoundWeight): string | undefined {
  if (rule === undefined || passedOver.length === 0) return undefined;
  const others = passedOver.map(describeRule).join(', ');
  return `${whose}: weight ${rule.weight}, since ${describeRule(rule)} is more exact than ${others}`;
}
