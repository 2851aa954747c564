import type { InForce } from '../policy/policy.js';
import type { Rate } from '../policy/policy-document.js';
import { countsOf, freeSlots, serving } from './counts.js';
import type { Facts, WorkerFacts } from './facts.js';
import type { Reason } from './reason.js';
import { isBlocked, shareOf } from './turn-reasons.js';

/** From now, in milliseconds; no end is known where `mostMs` is null. */
export interface WaitRange {
  readonly leastMs: number;
  readonly mostMs: number | null;
}

/** Or why it cannot be known. */
export type Expected = WaitRange | { readonly unknown: string };

/** What an expectation rests on. */
export interface RestsOn {
  /** Tasks that wait, or that are before it. */
  readonly tasks: number;
  /** Recent mean run times at the workers, the shortest and the longest; null where none has run. */
  readonly taskMs: readonly [number, number] | null;
  /** They are of other users' tasks: none of its own has run. */
  readonly ofOthers: boolean;
  readonly slots: number;
  /** Its part of them, of 1. */
  readonly share: number;
  readonly cap?: number;
  readonly rate?: Rate;
}

export interface Expectation {
  /** Undefined where nothing waits. */
  readonly nextStart?: Expected;
  /** Until all that waits now has run. */
  readonly end?: Expected;
  readonly restsOn?: RestsOn;
}

/** When the next task may be expected to start, and when all that wait now have run: as ranges. */
export function expectationOf(facts: Facts, reasons: readonly Reason[]): Expectation {
  const counts = countsOf(facts);
  const [first] = reasons;
  if (first === undefined || isOver(first)) return {};
  const tasks = Math.max(counts.waiting, facts.task === undefined ? 0 : 1);
  if (tasks === 0) return {};
  const workers = serving(facts).filter(({ ready }) => ready);
  const restsOn = basis(facts, workers, tasks);
  const never = stoppedBy(reasons) ?? (workers.length === 0 ? 'no worker that serves it answers' : undefined);
  if (never !== undefined) {
    const expected = { nextStart: { unknown: never }, end: { unknown: never } };
    return workers.length === 0 ? expected : { ...expected, restsOn };
  }
  const begin = notBefore(facts, reasons);
  if (restsOn.taskMs === null) {
    const why = 'no task has run here yet, so nobody can tell how long one takes';
    const free = freeSlots(workers) > 0 && !workers.some(isBlocked) && facts.task === undefined;
    const nextStart = free && begin.mostMs === 0 ? { leastMs: 0, mostMs: null } : { unknown: why };
    return { nextStart, end: { unknown: why }, restsOn };
  }
  const pace = new Pace(restsOn, restsOn.taskMs, facts.queue?.ordered === true);
  const slot = slotWait(workers, reasons, restsOn.taskMs[1]);
  const ahead = reasons.find((reason) => reason.why === 'behind-own');
  const own = ahead === undefined ? NOW : { leastMs: pace.least(ahead.ahead), mostMs: pace.most(ahead.most) };
  const nextStart = sum(sum(begin, slot), own);
  const all = { leastMs: pace.least(tasks), mostMs: pace.most(tasks) + restsOn.taskMs[1] };
  return { nextStart, end: sum(sum(begin, slot), all), restsOn };
}

const NOW: WaitRange = { leastMs: 0, mostMs: 0 };

function isOver({ why }: Reason): boolean {
  return why === 'done' || why === 'dead-letter' || why === 'runs' || why === 'nothing-waits';
}

/** Why nothing may be expected before somebody does something. */
function stoppedBy(reasons: readonly Reason[]): string | undefined {
  for (const reason of reasons) {
    switch (reason.why) {
      case 'broker-alarm':
        return 'not before the alarm of the broker is over';
      case 'queue-down':
        return 'not before the nodes with its tasks are back';
      case 'paused':
        if (reason.until === undefined) return 'not before it is resumed: the pause has no end';
        break;
      case 'no-worker':
        return 'not before a worker serves it';
      case 'no-queue':
        return 'it has no queue';
      default:
    }
  }
  return undefined;
}

function basis({ limits, tenant }: Facts, workers: readonly WorkerFacts[], tasks: number): RestsOn {
  // Before the first has ended, all that is known of a task is for how long it has run so far.
  const own = workers.flatMap(({ lane, allMs }) => (allMs === null ? [] : (lane?.taskMs ?? [])));
  const any = own.length > 0 ? own : workers.flatMap(({ allMs }) => allMs ?? []);
  const settings = [limits, tenant?.limits].filter((one): one is InForce => one !== undefined);
  const caps = settings.flatMap(({ cap }) => cap?.value.tasks ?? []);
  const rate = settings.flatMap((one) => one.rate?.value ?? []).sort((a, b) => perMs(a) - perMs(b))[0];
  return {
    tasks,
    taskMs: any.length === 0 ? null : [Math.min(...any), Math.max(...any)],
    ofOthers: own.length === 0,
    slots: workers.reduce((total, { slots }) => total + slots, 0),
    share: shareOf(workers),
    ...(caps.length > 0 && { cap: Math.min(...caps) }),
    ...(rate !== undefined && { rate }),
  };
}

/** How long so many tasks take, from when the first may start. */
class Pace {
  /** At once at the most, where nobody else wants a slot, and at the least, by its share. */
  readonly #most: number;
  readonly #least: number;

  constructor(
    private readonly restsOn: RestsOn,
    private readonly taskMs: readonly [number, number],
    isOrdered: boolean,
  ) {
    const { slots, share, cap = Number.POSITIVE_INFINITY } = restsOn;
    const limit = Math.min(cap, isOrdered ? 1 : Number.POSITIVE_INFINITY);
    this.#most = Math.max(1, Math.min(slots, limit));
    this.#least = Math.min(limit, Math.max(share * slots, 1 / Math.max(1, slots * 1_000)));
  }

  least(tasks: number): number {
    const { rate } = this.restsOn;
    const byRate = rate === undefined ? 0 : Math.max(0, tasks - rate.burst) / perMs(rate);
    return Math.max((tasks * this.taskMs[0]) / this.#most, byRate);
  }

  most(tasks: number): number {
    const { rate } = this.restsOn;
    const byRate = rate === undefined ? 0 : tasks / perMs(rate) + rate.perMs;
    return Math.max((tasks * this.taskMs[1]) / this.#least, byRate);
  }
}

function perMs({ starts, perMs: window }: Rate): number {
  return starts / window;
}

/** Until a slot is free and it is next: at the first worker where that is so. */
function slotWait(workers: readonly WorkerFacts[], reasons: readonly Reason[], taskMs: number): WaitRange {
  const waits = workers.map(({ slots, busy, lane, tenant, allMs }) => {
    const before = lane?.before ?? tenant?.before ?? 0;
    if (busy < slots) return 0;
    return Math.ceil((before + 1) / Math.max(1, slots)) * Math.max(allMs ?? 0, taskMs);
  });
  // A permit comes free when one of its own tasks ends.
  const isOwnFirst = reasons.some(({ why }) => why === 'cap' || why === 'order');
  const most = Math.min(...waits) + (isOwnFirst ? taskMs : 0);
  return { leastMs: 0, mostMs: most };
}

/** What has to be over first, whatever slots there are. */
function notBefore({ now }: Facts, reasons: readonly Reason[]): WaitRange {
  let range: WaitRange = NOW;
  const startsOf = (leastMs: number, mostMs: number | null = leastMs) => {
    range = later(range, {
      leastMs: Math.max(0, leastMs),
      mostMs: mostMs === null ? null : Math.max(0, mostMs),
    });
  };
  const isAllLate = reasons.every(
    ({ why }) => why !== 'starts-now' && why !== 'slots-busy' && why !== 'turn',
  );
  for (const reason of reasons) {
    if (reason.why === 'paused' && reason.until !== undefined) startsOf(reason.until - now);
    if (reason.why === 'not-due') startsOf(reason.at - now);
    if (reason.why === 'retry-due' && isAllLate) startsOf(reason.at - now);
    if (reason.why === 'held-back' && isAllLate) startsOf(0, heldUntil(reason.until, now));
    if (reason.why === 'rate') startsOf(reason.nextTokenMs ?? 0, reason.nextTokenMs ?? reason.rate.perMs);
    if (reason.why === 'silent-worker' && isAllLate) startsOf(0, null);
    if (reason.why === 'starting') startsOf(0, null);
  }
  return range;
}

function heldUntil(until: number | undefined, now: number): number | null {
  return until === undefined ? null : until - now;
}

function later(a: WaitRange, b: WaitRange): WaitRange {
  const mostMs = a.mostMs === null || b.mostMs === null ? null : Math.max(a.mostMs, b.mostMs);
  return { leastMs: Math.max(a.leastMs, b.leastMs), mostMs };
}

function sum(a: WaitRange, b: WaitRange): WaitRange {
  const mostMs = a.mostMs === null || b.mostMs === null ? null : Math.ceil(a.mostMs + b.mostMs);
  return { leastMs: Math.floor(a.leastMs + b.leastMs), mostMs };
}
