import { counted, some } from '../reports/finding.js';
import { type Counts, freeSlots, serving, tasksAt } from './counts.js';
import type { Facts, WorkerFacts } from './facts.js';
import type { Held, Reason } from './reason.js';
import type { ToldLane } from './told.js';

/** Why what could start does not, where no limit keeps it: workers, slots, and whose turn it is. */
export function turnReasons(facts: Facts, counts: Counts): Held[] {
  const { workers, queue, silent, subject } = facts;
  if (workers === undefined || counts.startable === 0) return [];
  const able = serving(facts);
  if (able.length === 0) return nobody(facts, counts);
  const ready = able.filter((worker) => worker.ready);
  if (ready.length === 0) return [{ reason: { why: 'starting', workers: able.map(({ name }) => name) } }];
  if (ready.some(isBlocked)) return [];
  if (queue?.ordered === true && counts.running > 0) {
    const at = tasksAt(ready, ({ lane }) => lane?.running);
    return [{ reason: { why: 'order', running: counts.running, at } }];
  }
  const free = freeSlots(ready);
  if (free > 0) {
    // At a worker that answers nothing it may wait all the same.
    const isOfSome = silent.length > 0 && counts.ready === 0;
    return [{ reason: { why: 'starts-now', free }, isOfSome }];
  }
  const busy = ready.reduce((sum, worker) => sum + worker.busy, 0);
  const slots = ready.reduce((sum, worker) => sum + worker.slots, 0);
  const full: Reason = { why: 'slots-busy', busy, slots, workers: ready.length };
  return [...(subject.of === 'tenant' ? tenantTurn(ready) : userTurn(ready)), full].map((reason) => ({
    reason,
  }));
}

/** Its part of all slots, as far as the workers tell. */
export function shareOf(workers: readonly WorkerFacts[]): number {
  const slots = workers.reduce((sum, worker) => sum + worker.slots, 0);
  const due = workers.reduce((sum, worker) => {
    const part = worker.lane?.ofSlots ?? worker.tenant?.ofSlots ?? 0;
    return sum + worker.slots * part;
  }, 0);
  return slots === 0 ? 0 : due / slots;
}

function nobody({ workers = [], silent, unanswered = [], queue }: Facts, { startable }: Counts): Held[] {
  const others = workers.length;
  if (silent.length > 0) return [];
  if (unanswered.length > 0) {
    const [is, it] = unanswered.length === 1 ? ['is', 'it has'] : ['are', 'they have'];
    const what = `whether ${some(unanswered)} ${is} to run it: no answer came. Either ${it} just started, or a task blocks the process. Ask again in some seconds`;
    return [{ reason: { why: 'unknown', what } }];
  }
  const foreign = queue?.consumers ?? 0;
  if (foreign === 0) return [{ reason: { why: 'no-worker', waiting: startable, others } }];
  const take = foreign === 1 ? 'takes' : 'take';
  const what = `who runs its tasks, and when: ${counted(foreign, 'consumer')} ${take} them, and none answers as a worker of this fairq. "fairq queues show" names their connections`;
  return [{ reason: { why: 'unknown', what } }];
}

function userTurn(workers: readonly WorkerFacts[]): Reason[] {
  const reasons: Reason[] = [];
  const share = shareOf(workers);
  const places = workers.flatMap(({ name, users, lane }) =>
    lane === undefined ? [] : [{ name, users, lane, tenants: lane.tenantsBefore ?? 0 }],
  );
  const [next] = places.sort((a, b) => a.tenants - b.tenants || beforeOf(a.lane) - beforeOf(b.lane));
  if (next === undefined) return reasons;
  const { name: worker, users, tenants, lane } = next;
  if (tenants > 0 && lane.tenant !== undefined) {
    reasons.push({ why: 'tenant-share', tenant: lane.tenant, before: tenants, share });
  }
  if (users > 1) reasons.push({ why: 'turn', before: lane.before, worker, users, share });
  return reasons;
}

/** Who has nothing prefetched comes after those that have. */
function beforeOf({ before }: ToldLane): number {
  return before ?? Number.MAX_SAFE_INTEGER;
}

function tenantTurn(workers: readonly WorkerFacts[]): Reason[] {
  const before = workers.flatMap(({ tenant }) => tenant?.before ?? []);
  const [tenant] = workers.flatMap((worker) => worker.tenant ?? []);
  const least = Math.min(...before);
  if (tenant === undefined || before.length === 0 || least === 0) return [];
  return [{ why: 'tenant-share', tenant: tenant.name, before: least, share: shareOf(workers) }];
}

/** Nothing of it starts at this worker for a reason of its own. */
export function isBlocked({ lane, tenant }: WorkerFacts): boolean {
  return (lane?.blocked ?? tenant?.blocked) !== undefined;
}
