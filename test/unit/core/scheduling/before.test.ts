import { describe, expect, it } from 'vitest';
import { ArrivalScheduler } from '../../../../src/core/scheduling/arrival-scheduler.js';
import { FairScheduler } from '../../../../src/core/scheduling/fair-scheduler.js';
import type { Scheduler } from '../../../../src/core/scheduling/scheduler.js';
import { TenantScheduler } from '../../../../src/core/scheduling/tenant-scheduler.js';
import { seededRandom } from '../../../../src/core/values/random.js';
import { fill, type ScheduledTask, take } from '../../../support/scheduled-task.js';
import { capped } from '../../../support/test-gate.js';

const schedulers: Record<string, () => Scheduler<ScheduledTask>> = {
  fair: () => new FairScheduler<ScheduledTask>((user) => 1 + (user.length % 3)),
  arrival: () => new ArrivalScheduler<ScheduledTask>(),
};

describe('who is before a lane of a tenant', () => {
  it('is counted on both levels', () => {
    const scheduler = new TenantScheduler<ScheduledTask>((user) => user.slice(0, 1));
    for (const user of ['a1', 'a2', 'a3', 'b1']) fill(scheduler, user, 3);
    const placeOf = (user: string) => scheduler.before(scheduler.lane(user));
    expect(['a1', 'a2', 'a3', 'b1'].map(placeOf)).toEqual([
      { lanes: 0, tenants: 0 },
      { lanes: 1, tenants: 0 },
      { lanes: 2, tenants: 0 },
      { lanes: 0, tenants: 1 },
    ]);
    take(scheduler, 1);
    expect(placeOf('a3')).toEqual({ lanes: 1, tenants: 1 });
    expect(placeOf('a4')).toBeUndefined();
  });
});

describe.each(Object.keys(schedulers))('who is before a lane (%s)', (kind) => {
  const made = () => schedulers[kind]!();

  it('is as many as start before it', () => {
    const random = seededRandom(7);
    for (let round = 0; round < 50; round++) {
      const scheduler = made();
      const users = Array.from({ length: 1 + Math.floor(random() * 40) }, (_, i) => 'u'.repeat(i + 1));
      for (const user of users) fill(scheduler, user, 20);
      take(scheduler, Math.floor(random() * users.length * 5));
      const left = users.filter((user) => scheduler.lane(user).prefetched.size > 0);
      const places = left.map((user) => scheduler.before(scheduler.lane(user))?.lanes);
      const order = [...places].sort((a, b) => Number(a) - Number(b));
      expect(order).toEqual(left.map((_, i) => i));
      const next = scheduler.next();
      expect(left[places.indexOf(0)]).toBe(next?.lane.user);
    }
  });

  it('is not known of one that takes no turns', () => {
    const scheduler = made();
    expect(scheduler.before(scheduler.lane('A'))).toBeUndefined();
    capped(scheduler, 'A', 0);
    fill(scheduler, 'A', 2);
    fill(scheduler, 'B', 1);
    take(scheduler, 1);
    expect(scheduler.before(scheduler.lane('A'))).toBeUndefined();
  });
});
