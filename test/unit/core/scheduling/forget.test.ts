import { expect, it } from 'vitest';
import { ArrivalScheduler } from '../../../../src/core/scheduling/arrival-scheduler.js';
import { FairScheduler } from '../../../../src/core/scheduling/fair-scheduler.js';
import { TenantScheduler } from '../../../../src/core/scheduling/tenant-scheduler.js';

/** Users in the order in which they start, where C is dropped as soon as that is allowed, or never. */
function order(forgets: boolean): string[] {
  const scheduler = new FairScheduler<string>();
  const started: string[] = [];
  const push = (user: string) => scheduler.push(scheduler.lane(user), user);
  for (let i = 0; i < 6; i++) for (const user of ['A', 'B']) push(user);
  for (let round = 0; round < 8; round++) {
    if (round % 2 === 0) push('C');
    const user = scheduler.next()!;
    started.push(user);
    const lane = scheduler.lane(user);
    if (lane.prefetched.size === 0) scheduler.rest(lane);
    const c = scheduler.lane('C');
    if (forgets && scheduler.isPast(c)) scheduler.forget(c, 'C');
  }
  return started;
}

it('a lane that is dropped when it may be takes the same turns when it comes back', () => {
  expect(order(true)).toEqual(order(false));
});

it('a lane that has been served ahead is not past: a new one would not know', () => {
  const scheduler = new FairScheduler<string>();
  const [a, b] = [scheduler.lane('A'), scheduler.lane('B')];
  scheduler.push(a, 'A');
  scheduler.next();
  scheduler.rest(a);
  expect(scheduler.isPast(a)).toBe(false);
  for (let i = 0; i < 2; i++) {
    scheduler.push(b, 'B');
    scheduler.next();
  }
  expect(scheduler.isPast(a)).toBe(true);
  scheduler.forget(a, 'A');
  expect(scheduler.lane('A')).not.toBe(a);
});

it('in the order of arrival every lane is, and between tenants none', () => {
  const arrival = new ArrivalScheduler<string>();
  expect(arrival.isPast()).toBe(true);
  expect(new TenantScheduler<string>(() => 'T').isPast()).toBe(false);
});
