import { describe, expect, it } from 'vitest';
import { FairScheduler } from '../../../../src/core/scheduling/fair-scheduler.js';
import { fill, type ScheduledTask, take, usersOf } from '../../../support/scheduled-task.js';

describe('the fair scheduler at scale', () => {
  it('is exactly fair over a million picks of 100,000 users', () => {
    const users = 100_000;
    const rounds = 10;
    const scheduler = new FairScheduler<ScheduledTask>();
    for (let i = 0; i < users; i++) fill(scheduler, `${i}`, rounds);
    const picked = new Uint32Array(users);
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < users; i++) {
        const { lane, number } = scheduler.next()!;
        const user = Number(lane.user);
        // Nobody has its next turn before everybody has had this one, and each has its tasks in order.
        if (picked[user]! !== round || number !== round) {
          throw new Error(`task ${number} of user ${user} in round ${round}, after ${picked[user]} others`);
        }
        picked[user]!++;
      }
      expect(scheduler.prefetched).toBe(users * (rounds - round - 1));
    }
    expect(scheduler.next()).toBeUndefined();
  });

  it.each([1, 0.1, 1 / 3])('takes exact turns after ten million charges of %d', (charge) => {
    let cost = charge * 10_000_000;
    const scheduler = new FairScheduler<ScheduledTask>(undefined, () => cost);
    for (const user of 'ABC') fill(scheduler, user, 2_000);
    take(scheduler, 3);
    cost = charge;
    expect(usersOf(take(scheduler, 3_000))).toBe('ABC'.repeat(1_000));
  });

  it('loses nothing of small charges after ten million of them', () => {
    let cost = 10_000_000;
    const scheduler = new FairScheduler<ScheduledTask>(undefined, () => cost);
    fill(scheduler, 'A', 3);
    fill(scheduler, 'B', 200);
    take(scheduler, 2);
    cost = 1;
    take(scheduler, 1);
    cost = 0.01;
    // A is ahead by as much as a hundred tasks of B; whose turn it is then, rounding decides.
    expect(usersOf(take(scheduler, 103))).toMatch(/^B{100,101}AB+$/);
  });

  it('lets nobody starve by rounding, after a light user has run alone for long', () => {
    const weights: Record<string, number> = { light: 0.001, heavy: 1_000, middle: 1 };
    const scheduler = new FairScheduler<ScheduledTask>(
      (user) => weights[user]!,
      ({ user }) => (user === 'light' ? 1_000_000 : 1),
    );
    fill(scheduler, 'light', 20_000);
    take(scheduler, 20_000);
    scheduler.rest(scheduler.lane('light'));
    fill(scheduler, 'heavy', 100_000);
    fill(scheduler, 'middle', 1_000);
    const picked = take(scheduler, 100_000).filter(({ lane }) => lane.user === 'middle');
    expect(picked.length).toBeGreaterThanOrEqual(99);
    expect(picked.length).toBeLessThanOrEqual(101);
  });
});
