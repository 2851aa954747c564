import { describe, expect, it } from 'vitest';
import type { Outcome, TaskEvent } from '../../../src/core/events/task-event.js';
import { RecentCompletions } from '../../../src/serve/overview/recent-completions.js';
import { recentView } from '../../../src/serve/overview/recent-view.js';

const HOUR = 3_600_000;
/** Milliseconds since the epoch; every time of a test is so many after it. */
const BEGUN = 1_700_000_000_000;

function ended(user: string, at: number, waitMs = 10, outcome: Outcome = 'done'): TaskEvent {
  const finished = (BEGUN + at) * 1_000;
  return {
    id: `${user} ${at}`,
    user,
    run: 'r',
    sequence: 1,
    attempt: 1,
    outcome,
    worker: 'w',
    enqueued: finished - 1_000 - waitMs * 1_000,
    sentLate: 0,
    started: finished - 1_000,
    finished,
    redelivered: false,
    hasResult: false,
  };
}

function kept(events: readonly TaskEvent[], now: number, most?: number): RecentCompletions {
  const recent = new RecentCompletions({ epochMs: () => BEGUN + now, since: BEGUN, ...(most && { most }) });
  for (const event of events) recent.onCompletions([event]);
  return recent;
}

describe('what ended lately', () => {
  it('tells what ended of a user, how long that had waited, and who was served meanwhile', () => {
    const events = [
      ended('B', 1_000),
      ended('A', 2_000, 3),
      ended('B', 3_000),
      ended('C', 4_000),
      ended('B', 5_000),
      ended('A', 5_500, 1, 'retrying'),
      ended('A', 6_000, 700, 'failed'),
      ended('C', 7_000),
    ];
    const view = recentView(kept(events, 9_000), 'A', BEGUN + 9_000);
    expect(view).toMatchObject({
      user: 'A',
      since: new Date(BEGUN).toISOString(),
      completions: 2,
      failed: 1,
      firstAt: new Date(BEGUN + 2_000).toISOString(),
      lastAt: new Date(BEGUN + 6_000).toISOString(),
      waitMs: { p50: 3, p95: 700, max: 700 },
      meanwhile: {
        completions: 5,
        users: [
          { user: 'B', completions: 2 },
          { user: 'C', completions: 1 },
        ],
        others: { users: 0, completions: 0 },
      },
    });
    expect(view.waits.filter(({ tasks }) => tasks > 0)).toEqual([
      { fromMs: 2, belowMs: 5, tasks: 1 },
      { fromMs: 500, belowMs: 1_000, tasks: 1 },
    ]);
    const { all, lanes } = view.meanwhile!;
    const sum = (cells: readonly number[]) => cells.reduce((total, one) => total + one, 0);
    expect(sum(all)).toBe(5);
    expect(lanes.map(({ user, cells }) => [user, sum(cells)])).toEqual([
      ['A', 2],
      ['B', 2],
      ['C', 1],
    ]);
  });

  it('counts together who has no row of its own', () => {
    const many = Array.from({ length: 30 }, (_, i) => ended(`u${i}`, 10 + i));
    const { meanwhile } = recentView(kept([ended('A', 1), ...many, ended('A', 100)], 200), 'A', BEGUN + 200);
    expect(meanwhile).toMatchObject({ completions: 32, others: { users: 10, completions: 10 } });
    expect(meanwhile!.users).toHaveLength(20);
  });

  it('says from when on it knows, when it has forgotten what was before', () => {
    const events = Array.from({ length: 25 }, (_, i) => ended(i % 2 ? 'A' : 'B', 100 * i));
    const recent = kept(events, 5_000, 10);
    expect(recent.since).toBe(BEGUN + 1_401);
    expect(recentView(recent, 'A', BEGUN + 5_000).completions).toBe(5);
  });

  it('keeps no name of a user whose tasks it has forgotten', () => {
    const recent = kept([ended('A', 1), ended('B', 2), ended('C', 3), ended('C', 4)], 5, 2);
    expect(['A', 'B', 'C'].map((user) => recent.knows(user))).toEqual([false, false, true]);
    recent.onCompletions([ended('D', 5)]);
    const seen: string[] = [];
    recent.visit(({ user }) => seen.push(user));
    expect(seen).toEqual(['C', 'D']);
  });

  it('keeps nothing for longer than an hour', () => {
    const recent = kept([ended('A', 1), ended('A', HOUR)], HOUR + 10);
    expect(recentView(recent, 'A', BEGUN + HOUR + 10).completions).toBe(1);
    expect(recent.since).toBe(BEGUN + 10);
  });

  it('knows nothing of whom it has not heard of', () => {
    expect(recentView(kept([ended('B', 1)], 10), 'A', BEGUN + 10)).toMatchObject({
      completions: 0,
      firstAt: null,
      waitMs: null,
      waits: [],
      meanwhile: null,
    });
  });

  it('counts every wait in one step, the shortest and the longest too', () => {
    const waits = [0, 0.4, 1, 1.99, 2, 5, 9.99, 10, 99, 100, 1e6, 3.6e6];
    const { waits: steps } = recentView(
      kept(
        waits.map((wait, i) => ended('A', i, wait)),
        50,
      ),
      'A',
      BEGUN + 50,
    );
    expect(steps.reduce((sum, { tasks }) => sum + tasks, 0)).toBe(waits.length);
    for (const { fromMs, belowMs, tasks } of steps) {
      const inIt = waits.filter((wait) => wait >= fromMs && wait < belowMs).length;
      expect([fromMs, tasks]).toEqual([fromMs, inIt]);
    }
    for (const [i, step] of steps.slice(1).entries()) expect(step.fromMs).toBe(steps[i]!.belowMs);
  });
});
