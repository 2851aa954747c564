import type { TaskEvent } from '../../core/events/task-event.js';
import { WaitCounts } from './wait-counts.js';

export const STEP_SECONDS = 10;
/** Steps that have ended: an hour. */
export const STEPS = 360;
const STEP_MS = STEP_SECONDS * 1_000;
/** The present step, too. */
const KEPT = STEPS + 1;

/** What happened in a step. */
export interface Step {
  /** Since the epoch, in steps. */
  readonly number: number;
  readonly sent: number;
  /** Attempts that ended, and those of them that failed for good. */
  readonly ended: number;
  readonly failed: number;
  readonly waits: WaitCounts | undefined;
  /** Whose task waited for longest, of those that ended. */
  readonly longestUser: string | undefined;
  /** Tasks in queues and at workers, at its end; undefined where nobody has ever counted them. */
  readonly backlog: number | undefined;
}

class KeptStep {
  sent = 0;
  ended = 0;
  failed = 0;
  /** Tasks that are in no queue of a user any more: one that is tried again comes back to it unseen. */
  left = 0;
  waits: WaitCounts | undefined;
  longestUser: string | undefined;
  /** What was counted in this step, and what was sent, less what had left, by then. */
  counted: { readonly total: number; readonly moved: number } | undefined;

  constructor(readonly number: number) {}

  get moved(): number {
    return this.sent - this.left;
  }

  get backlogAtStart(): number | undefined {
    return this.counted && this.counted.total - this.counted.moved;
  }

  get backlogAtEnd(): number | undefined {
    return this.counted && this.counted.total + this.moved - this.counted.moved;
  }
}

/**
 * The last hour in steps of 10 s, in so much memory however much happens. What is told of it may come in any order. All
 * times are milliseconds since the epoch.
 */
export class HistoryRing {
  readonly #steps: (KeptStep | undefined)[] = Array.from({ length: KEPT }, () => undefined);

  constructor(private readonly epochMs: () => number) {}

  /** @param fromMs so many were sent from then on, evenly; a moment to come counts as now */
  sent(count: number, fromMs: number, toMs: number): void {
    const now = this.epochMs();
    const to = Math.min(toMs, now);
    const from = Math.min(fromMs, to);
    if (to === from) {
      const step = this.#at(to);
      if (step !== undefined) step.sent += count;
      return;
    }
    const oldest = (stepOf(now) - STEPS) * STEP_MS;
    for (let at = Math.max(from, oldest); at < to; at = nextStep(at)) {
      const part = (Math.min(to, nextStep(at)) - at) / (to - from);
      const step = this.#at(at);
      if (step !== undefined) step.sent += count * part;
    }
  }

  ended(events: readonly TaskEvent[]): void {
    for (const { user, run, attempt, outcome, enqueued, started, finished } of events) {
      // A worker's clock may be ahead of this one.
      const step = this.#at(Math.min(finished / 1_000, this.epochMs()));
      if (step === undefined) continue;
      step.ended++;
      if (outcome === 'failed') step.failed++;
      if (attempt !== 1) continue;
      if (run !== '') step.left++; // nobody says when others send
      const waited = Math.max(0, started - enqueued) / 1_000;
      step.waits ??= new WaitCounts();
      if (isLonger(waited, user, step)) step.longestUser = user;
      step.waits.add(waited);
    }
  }

  /** @param total tasks in users' queues and at workers, now */
  counted(total: number): void {
    const step = this.#at(this.epochMs())!;
    step.counted = { total, moved: step.moved };
  }

  /** Those that have ended, the oldest first; undefined for one in which nothing was heard of. */
  steps(): Step[] {
    const present = stepOf(this.epochMs());
    const kept = Array.from({ length: KEPT }, (_, i) => this.#kept(present - STEPS + i));
    const backlogs = backlogsOf(kept);
    return kept.slice(0, STEPS).map(({ number, sent, ended, failed, waits, longestUser }, i) => ({
      number,
      sent,
      ended,
      failed,
      waits,
      longestUser,
      backlog: backlogs[i],
    }));
  }

  /** What is kept in its place may be of an hour before. */
  #kept(number: number): KeptStep {
    const there = this.#steps[number % KEPT];
    return there?.number === number ? there : new KeptStep(number);
  }

  /** Undefined where that was more than an hour ago. */
  #at(ms: number): KeptStep | undefined {
    const number = stepOf(ms);
    if (number < stepOf(this.epochMs()) - STEPS) return undefined;
    const place = number % KEPT;
    const there = this.#steps[place];
    if (there?.number === number) return there;
    const made = new KeptStep(number);
    this.#steps[place] = made;
    return made;
  }
}

/** Of the same wait whoever comes first by name: the order in which events come says nothing. */
function isLonger(waited: number, user: string, { waits, longestUser }: KeptStep): boolean {
  const longest = waits?.longest ?? -1;
  return waited > longest || (waited === longest && longestUser !== undefined && user < longestUser);
}

/**
 * At the end of each step: from what was counted next, less what was sent in between, plus what left. After the last count
 * it is the other way round. A count may be older by a moment than what is known to have ended by then, so the next one
 * says better what a step has come to.
 */
function backlogsOf(steps: readonly KeptStep[]): (number | undefined)[] {
  const backlogs: (number | undefined)[] = steps.map(() => undefined);
  let backlog: number | undefined;
  for (let i = steps.length - 1; i >= 0; i--) {
    backlog = steps[i + 1]?.backlogAtStart ?? steps[i]!.backlogAtEnd ?? backlog;
    backlogs[i] = backlog;
    if (backlog !== undefined) backlog -= steps[i]!.moved;
  }
  for (const [i, step] of steps.entries()) {
    const before = backlogs[i - 1];
    if (backlogs[i] === undefined && before !== undefined) backlogs[i] = before + step.moved;
  }
  return backlogs.map((value) => value && Math.max(0, value));
}

export function stepOf(ms: number): number {
  return Math.floor(ms / STEP_MS);
}

function nextStep(ms: number): number {
  return (stepOf(ms) + 1) * STEP_MS;
}
