import type { Found, InForce } from '../policy/policy.js';
import { type Counts, serving, tasksAt } from './counts.js';
import type { Facts, WorkerFacts } from './facts.js';
import type { CapReason, Held, Reason, SetFor } from './reason.js';
import type { Blocked } from './told.js';
import { isBlocked } from './turn-reasons.js';

/** What an operator has set, as far as it keeps tasks from starting now. */
export function limitReasons(facts: Facts, counts: Counts): Held[] {
  const { subject, limits, tenant } = facts;
  const workers = serving(facts);
  const user = workers.find(({ lane }) => lane !== undefined)?.lane?.user ?? subject.name;
  const reasons: Reason[] = [];
  if (limits !== undefined && subject.of !== 'tenant') {
    const blocked = blockedBy(workers, ({ lane }) => lane?.blocked);
    const runs = ({ lane }: WorkerFacts) => lane?.running;
    reasons.push(...keptBy({ of: 'user', name: user }, limits, blocked, { workers, runs, facts, counts }));
  }
  if (tenant !== undefined) {
    const ofTenant = subject.of === 'tenant';
    const blocked = blockedBy(workers, (worker) =>
      ofTenant ? worker.tenant?.blocked : worker.lane?.blocked === 'tenant' ? 'other' : undefined,
    );
    const runs = (worker: WorkerFacts) => (ofTenant ? worker.tenant?.running : undefined);
    reasons.push(
      ...keptBy({ of: 'tenant', name: tenant.name }, tenant.limits, blocked, {
        workers,
        runs,
        facts,
        counts,
      }),
    );
  }
  if (reasons.length === 0 && workers.some(isBlocked)) {
    reasons.push({ why: 'unknown', what: 'a limit keeps it, and which one is not known' });
  }
  return reasons.map((reason) => ({ reason }));
}

interface Around {
  readonly workers: readonly WorkerFacts[];
  readonly runs: (worker: WorkerFacts) => number | undefined;
  readonly facts: Facts;
  readonly counts: Counts;
}

function keptBy(
  whose: Pick<SetFor, 'of' | 'name'>,
  { paused, cap, rate }: InForce,
  blocked: ReadonlySet<Blocked>,
  { workers, runs, facts, counts }: Around,
): Reason[] {
  const reasons: Reason[] = [];
  const at = tasksAt(workers, runs);
  const running = at.reduce((sum, { tasks }) => sum + tasks, 0);
  if (paused !== undefined) reasons.push({ why: 'paused', running, ...setFor(whose, paused) });
  if (counts.waiting === 0) return reasons;
  const isOther = blocked.has('other');
  if (rate !== undefined && (blocked.has('rate') || (isOther && cap === undefined))) {
    const next = facts.workers?.flatMap(({ lane }) => lane?.nextTokenMs ?? []) ?? [];
    const nextTokenMs = next.length === 0 ? {} : { nextTokenMs: Math.min(...next) };
    reasons.push({ why: 'rate', rate: rate.value, ...nextTokenMs, ...setFor(whose, rate) });
  }
  const isCapped = cap !== undefined && (running >= cap.value.tasks || blocked.has('cap'));
  if (cap !== undefined && (isCapped || (isOther && rate === undefined))) {
    const { tasks, whenBusy } = cap.value;
    const reason: CapReason = { why: 'cap', cap: tasks, running, at, ...setFor(whose, cap) };
    reasons.push(whenBusy === true ? { ...reason, whenBusy } : reason);
  }
  return reasons;
}

function blockedBy(
  workers: readonly WorkerFacts[],
  of: (worker: WorkerFacts) => Blocked | undefined,
): Set<Blocked> {
  return new Set(workers.flatMap((worker) => of(worker) ?? []));
}

export function setFor(
  { of, name }: Pick<SetFor, 'of' | 'name'>,
  { rule, by, at, until, reason }: Found<unknown>,
): SetFor {
  return {
    of,
    name,
    rule: rule.name,
    by,
    since: at,
    ...(until !== undefined && { until }),
    ...(reason !== undefined && { said: reason }),
  };
}
