import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { driftWhileBackloggedTogether } from '../../../../src/core/measures/backlogged-together.js';
import { FairScheduler } from '../../../../src/core/scheduling/fair-scheduler.js';

/** One start a moment, in this order; everything was there from the beginning. */
const inOrder = (users: string) => [...users].map((user, i) => ({ user, enqueued: 0, started: i + 1 }));

describe('drift between users that have a backlog together', () => {
  it('is one task for strict turns', () => {
    expect(driftWhileBackloggedTogether(inOrder('ABABABAB'))).toBe(1);
  });

  it('is as long as the longest row of one user while the other waits', () => {
    expect(driftWhileBackloggedTogether(inOrder('ABAAAABA'))).toBe(4);
    expect(driftWhileBackloggedTogether(inOrder('AAAAAABA'))).toBe(6);
  });

  it('does not count what was done while the other had nothing', () => {
    const tasks = [
      ...[1, 2, 3, 4, 5, 6].map((started) => ({ user: 'A', enqueued: 0, started })),
      { user: 'B', enqueued: 4.5, started: 5.5 },
      { user: 'B', enqueued: 4.5, started: 7 },
    ];
    expect(driftWhileBackloggedTogether(tasks)).toBe(1);
    expect(driftWhileBackloggedTogether([])).toBe(0);
  });

  it('counts by weight', () => {
    const weightOf = (user: string) => (user === 'A' ? 3 : 1);
    expect(driftWhileBackloggedTogether(inOrder('AAABAAABAAAB'), weightOf)).toBeLessThanOrEqual(1 + 1e-9);
    expect(driftWhileBackloggedTogether(inOrder('ABABABABAAAA'), weightOf)).toBeGreaterThan(1);
  });

  it('stays within one task of each for what the fair scheduler picks, whenever tasks come', () => {
    const arrivals = fc.array(fc.record({ user: fc.constantFrom('A', 'B', 'C', 'D'), at: fc.nat(40) }), {
      minLength: 1,
      maxLength: 120,
    });
    fc.assert(
      fc.property(arrivals, (load) => {
        const scheduler = new FairScheduler<{ user: string; at: number }>();
        const coming = load.toSorted((a, b) => a.at - b.at);
        const tasks = [];
        for (let now = 0; tasks.length < load.length; now++) {
          while (coming[0] && coming[0].at <= now) {
            const task = coming.shift()!;
            scheduler.push(scheduler.lane(task.user), task);
          }
          const next = scheduler.next();
          if (next === undefined) continue;
          tasks.push({ user: next.user, enqueued: next.at, started: now + 0.5 });
          scheduler.rest(scheduler.lane(next.user));
        }
        expect(driftWhileBackloggedTogether(tasks)).toBeLessThanOrEqual(2);
      }),
    );
  });
});
