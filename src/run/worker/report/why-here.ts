import { toldText } from '../../../broker/control/running-question.js';
import { type Because, MOST_USERS_TOLD, type WhyQuestion } from '../../../broker/control/why.js';
import type { Blocked, SilentPeer, ToldLane, ToldPlace, ToldTenant } from '../../../core/explain/told.js';
import { decodeEnvelope } from '../../../core/message/envelope.js';
import type { ServedUser } from '../intake/served-queue.js';
import type { OwnState } from '../peers/presence.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import type { TaskPath } from '../task-path.js';

export interface WhyParts {
  readonly path: TaskPath;
  readonly slots: number;
  readonly state: OwnState;
  readonly serves: (queue: string) => boolean;
  readonly silent: readonly SilentPeer[];
}

/** What this worker knows of a queue, or of a task that is here. */
export function whyHere({ queue, tenant, id }: WhyQuestion, parts: WhyParts): Because {
  const { path, slots, state } = parts;
  const found = id === undefined ? undefined : findTask(path, id);
  const name = found?.queue.name ?? queue;
  const user = name === undefined ? undefined : path.intake.userOf(name);
  const toldTenant = tenant === undefined ? undefined : tenantHere(tenant, path);
  return {
    slots,
    busy: state.busy ?? 0,
    ready: state.ready,
    users: path.intake.activeUsers,
    allMs: path.times.allMs ?? null,
    revision: state.policy ?? null,
    serves: name === undefined ? toldTenant !== undefined : parts.serves(name),
    silent: parts.silent,
    ...(user !== undefined && { lane: laneOf(user, path) }),
    ...(toldTenant !== undefined && { tenant: toldTenant }),
    ...(found !== undefined && { task: { ahead: found.ahead } }),
  };
}

function laneOf(queue: ServedUser, path: TaskPath): ToldLane {
  const { lane } = queue;
  const { runner, scheduler, intake } = path;
  const before = scheduler.before(lane);
  intake.active.weigh();
  const share = intake.active.shareOf(queue);
  const blocked = blockedBy(queue);
  // A slot is all that the others need that are in no lane.
  const heldBack = countOf(scheduler.heldBack, queue);
  return {
    queue: queue.name,
    user: toldText(lane.user),
    running: countOf(runner.tasks.delivered(), queue),
    prefetched: lane.prefetched.size + countOf(scheduler.apart, queue) - heldBack,
    heldBack,
    before: before?.lanes ?? null,
    ...(before?.tenants !== undefined && { tenantsBefore: before.tenants }),
    ...(lane.tenant !== undefined && { tenant: toldText(lane.tenant.name) }),
    weight: lane.weight,
    ofWeight: share.ofWeight,
    ofSlots: share.ofSlots,
    taskMs: lane.taskMs ?? null,
    ...(blocked !== undefined && { blocked }),
    // A pause comes before what else it may lack.
    ...path.limits.told(lane.user, blocked === 'other'),
    ...retryingOf(lane.user, path),
  };
}

/** Undefined where it knows of no user of that tenant. */
function tenantHere(name: string, { intake, limits, scheduler, runner }: TaskPath): ToldTenant | undefined {
  const queues = [...intake.users()].filter(({ lane }) => lane.tenant?.name === name);
  const [first] = queues;
  if (first?.lane.tenant === undefined) return undefined;
  const { weight, blocked } = first.lane.tenant;
  const before = queues.flatMap(({ lane }) => scheduler.before(lane)?.tenants ?? []);
  intake.active.weigh();
  const active = queues.filter(({ isActive }) => isActive);
  const ofSlots = active.reduce((sum, queue) => sum + intake.active.shareOf(queue).ofSlots, 0);
  const own = new Set(queues);
  let running = 0;
  for (const { queue } of runner.tasks.delivered()) if (own.has(queue as ServedUser)) running++;
  return {
    name,
    weight,
    running,
    prefetched: queues.reduce((sum, { lane }) => sum + lane.prefetched.size, 0),
    users: queues
      .map(({ lane }) => toldText(lane.user))
      .sort()
      .slice(0, MOST_USERS_TOLD),
    userCount: queues.length,
    ofSlots: Math.min(1, ofSlots),
    before: before[0] ?? null,
    ...(blocked && { blocked: limits.toldOfTenant(name, true)?.blocked ?? 'other' }),
  };
}

function blockedBy({ paused, lane }: ServedUser): Blocked | undefined {
  if (paused) return 'pause';
  if (lane.blocked) return 'other';
  return lane.tenant?.blocked === true ? 'tenant' : undefined;
}

/** Tasks of a user that wait here until they are due. */
function retryingOf(user: string, { retries }: TaskPath): Pick<ToldLane, 'retrying' | 'retryInMs'> {
  let retrying = 0;
  let retryInMs = Number.POSITIVE_INFINITY;
  for (const { message, leftMs } of retries.waits()) {
    if (decodeEnvelope(message.properties.headers).user !== user) continue;
    retrying++;
    retryInMs = Math.min(retryInMs, leftMs);
  }
  return retrying === 0 ? { retrying } : { retrying, retryInMs };
}

/** A task that is prefetched here. */
function findTask(path: TaskPath, id: string): (ToldPlace & { readonly queue: ServedUser }) | undefined {
  for (const queue of path.intake.users()) {
    let ahead = 0;
    for (const task of queue.lane.prefetched) {
      if (task.id === id) return { queue, ahead };
      ahead++;
    }
  }
  return undefined;
}

function countOf(tasks: Iterable<DeliveredTask>, queue: ServedUser): number {
  let count = 0;
  for (const task of tasks) if (task.queue === queue) count++;
  return count;
}
