import { describe, expect, it } from 'vitest';
import { StartGate } from '../../../../../src/run/worker/intake/start-gate.js';
import type { ConsumedQueue } from '../../../../../src/run/worker/task/delivered-task.js';

let now = 0;
const clock = { now: () => now, epochMicros: () => now * 1_000 };

/** Users with a window of 4 each, of whom so much has come and ended. */
function users(
  count: number,
  { outstanding, served }: Pick<ConsumedQueue, 'outstanding' | 'served'>,
): ConsumedQueue[] {
  return Array.from({ length: count }, () => ({ prefetch: 4, outstanding, served }) as ConsumedQueue);
}

const BACKLOG = { outstanding: 4, served: 12 };

/** A reserve that has looked at these users, just after a delivery. */
function reserveOf(sources: readonly ConsumedQueue[]): StartGate {
  now += 1_000;
  const reserve = new StartGate(clock);
  reserve.delivered(now);
  reserve.adjust(sources, now);
  return reserve;
}

describe('the reserve', () => {
  it('waits until half of what the windows of users with a backlog allow is held', () => {
    const reserve = reserveOf(users(100, BACKLOG));
    expect(reserve.waitMs(199)).toBeGreaterThan(0);
    expect(reserve.waitMs(200)).toBe(0);
  });

  it('waits no longer than deliveries come', () => {
    const reserve = reserveOf(users(100, BACKLOG));
    const wait = reserve.waitMs(1);
    now += wait;
    expect(reserve.waitMs(1)).toBe(0);
    reserve.delivered(now);
    expect(reserve.waitMs(1)).toBe(wait);
  });

  it('lets users that send a task now and then wait for nobody', () => {
    expect(reserveOf(users(1_000, { outstanding: 1, served: 0 })).waitMs(1)).toBe(0);
    expect(reserveOf(users(1_000, { outstanding: 1, served: 3 })).waitMs(1)).toBe(0);
    expect(reserveOf(users(1_000, { outstanding: 0, served: 4 })).waitMs(1)).toBe(0);
  });

  it('does not count users that send now and then beside those with a backlog', () => {
    const sources = [...users(100, BACKLOG), ...users(900, { outstanding: 1, served: 0 })];
    expect(reserveOf(sources).waitMs(200)).toBe(0);
  });

  it('is not kept for a few users', () => {
    expect(reserveOf(users(31, BACKLOG)).waitMs(1)).toBe(0);
    expect(reserveOf(users(32, BACKLOG)).waitMs(1)).toBeGreaterThan(0);
  });

  it('is given up when tasks take time', () => {
    const reserve = reserveOf(users(100, BACKLOG));
    reserve.release();
    expect(reserve.waitMs(1)).toBe(0);
  });
});
