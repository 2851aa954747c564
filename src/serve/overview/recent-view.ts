import { percentiles } from '../../core/measures/percentiles.js';
import { round3 } from '../../core/values/round.js';
import type { Completion, RecentCompletions } from './recent-completions.js';
import type { Recent } from './recent-schema.js';

/** Lanes are drawn in so many cells. */
const CELLS = 120;
/** Users beside the one that is asked for, and of these those with a lane. */
const MOST_OTHERS = 20;
const MOST_LANES = 5;
/** From a power of ten to the next. */
const STEPS = [1, 2, 5];
const LEAST_WAIT_MS = 1;

/** How it went for a user lately, and who was served in that time. @param now milliseconds since the epoch */
export function recentView(kept: RecentCompletions, user: string, now: number): Recent {
  const own: Completion[] = [];
  if (kept.knows(user)) {
    kept.visit((completion) => {
      if (completion.user === user) own.push(completion);
    });
  }
  // Several workers write them down: the first that was written is not always the first that ended.
  const first = own.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY);
  const last = own.reduce((most, { at }) => Math.max(most, at), 0);
  const waits = Float64Array.from(own, ({ waitMs }) => waitMs);
  const found = percentiles(waits);
  return {
    user,
    at: moment(now),
    since: moment(kept.since),
    completions: own.length,
    failed: own.filter(({ hasFailed }) => hasFailed).length,
    firstAt: own.length === 0 ? null : moment(first),
    lastAt: own.length === 0 ? null : moment(last),
    waitMs: found && {
      p50: round3(found.p50),
      p95: round3(found.p95),
      p99: round3(found.p99),
      max: round3(found.max),
    },
    waits: histogram(waits),
    meanwhile: own.length === 0 ? null : meanwhile(kept, user, first, last),
  };
}

function meanwhile(kept: RecentCompletions, user: string, first: number, last: number): Recent['meanwhile'] {
  const counts = new Map<string, number>();
  let completions = 0;
  kept.visit(({ user: whose, at }) => {
    if (at < first || at > last) return;
    completions++;
    counts.set(whose, (counts.get(whose) ?? 0) + 1);
  });
  const own = counts.get(user) ?? 0;
  counts.delete(user);
  const sorted = [...counts].sort(([a, most], [b, other]) => other - most || (a < b ? -1 : 1));
  const named = sorted.slice(0, MOST_OTHERS).map(([name, ended]) => ({ user: name, completions: ended }));
  const drawn = [{ user, completions: own }, ...named.slice(0, MOST_LANES)];
  const cellMs = Math.max(1, (last - first) / CELLS);
  const cells = Math.min(CELLS, Math.floor((last - first) / cellMs) + 1);
  const all = new Array<number>(cells).fill(0);
  const lanes = new Map(drawn.map((one) => [one.user, new Array<number>(cells).fill(0)]));
  kept.visit(({ user: whose, at }) => {
    if (at < first || at > last) return;
    const cell = Math.min(cells - 1, Math.floor((at - first) / cellMs));
    all[cell]!++;
    const lane = lanes.get(whose);
    if (lane !== undefined) lane[cell]!++;
  });
  const rest = completions - own - named.reduce((sum, one) => sum + one.completions, 0);
  return {
    completions,
    users: named,
    others: { users: sorted.length - named.length, completions: rest },
    cellMs: round3(cellMs),
    all,
    lanes: drawn.map((one) => ({ ...one, cells: lanes.get(one.user)! })),
  };
}

/** In steps of 1, 2, 5, 10, … milliseconds; the first one begins with 0. */
function histogram(waits: Float64Array): Recent['waits'] {
  const counts = new Map<number, number>();
  for (const wait of waits) {
    const step = stepOf(wait);
    counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  if (counts.size === 0) return [];
  const least = Math.min(...counts.keys());
  const most = Math.max(...counts.keys());
  return Array.from({ length: most - least + 1 }, (_, i) => ({
    fromMs: least + i === 0 ? 0 : edge(least + i - 1),
    belowMs: edge(least + i),
    tasks: counts.get(least + i) ?? 0,
  }));
}

/** The first step whose end is above it. */
function stepOf(waitMs: number): number {
  let step = Math.max(0, STEPS.length * Math.floor(Math.log10(Math.max(waitMs, LEAST_WAIT_MS))));
  while (waitMs >= edge(step)) step++;
  return step;
}

function edge(step: number): number {
  return LEAST_WAIT_MS * STEPS[step % STEPS.length]! * 10 ** Math.floor(step / STEPS.length);
}

function moment(ms: number): string {
  return new Date(ms).toISOString();
}
