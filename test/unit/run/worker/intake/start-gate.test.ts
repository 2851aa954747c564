import { describe, expect, it } from 'vitest';
import type { ConsumedQueue } from '../../../../../src/run/worker/intake/consumed-queue.js';
import { StartGate } from '../../../../../src/run/worker/intake/start-gate.js';
import { consumedQueue } from '../../../../support/consumed-queue.js';

let now = 0;
const clock = { now: () => now, epochMicros: () => now * 1_000 };

/** Users with a prefetch of 4 each, of whom so much has come and ended. */
function users(count: number, given: { outstanding: number; served: number }): ConsumedQueue[] {
  return Array.from({ length: count }, () => consumedQueue({ prefetch: 4, ...given }));
}

const BACKLOG = { outstanding: 4, served: 12 };

/** A gate that has checked at these users, just after a delivery. */
function gateOf(queues: readonly ConsumedQueue[]): StartGate {
  now += 1_000;
  const gate = new StartGate(clock);
  gate.delivered(now);
  gate.adjust(queues, now);
  return gate;
}

describe('the start gate', () => {
  it('waits until half of what the prefetch of users with a backlog allows is here', () => {
    const gate = gateOf(users(100, BACKLOG));
    expect(gate.waitMs(199)).toBeGreaterThan(0);
    expect(gate.waitMs(200)).toBe(0);
  });

  it('waits no longer than deliveries come', () => {
    const gate = gateOf(users(100, BACKLOG));
    const wait = gate.waitMs(1);
    now += wait;
    expect(gate.waitMs(1)).toBe(0);
    gate.delivered(now);
    expect(gate.waitMs(1)).toBe(wait);
  });

  it('lets users that send a task now and then wait for nobody', () => {
    expect(gateOf(users(1_000, { outstanding: 1, served: 0 })).waitMs(1)).toBe(0);
    expect(gateOf(users(1_000, { outstanding: 1, served: 3 })).waitMs(1)).toBe(0);
    expect(gateOf(users(1_000, { outstanding: 0, served: 4 })).waitMs(1)).toBe(0);
  });

  it('does not count users that send now and then beside those with a backlog', () => {
    const queues = [...users(100, BACKLOG), ...users(900, { outstanding: 1, served: 0 })];
    expect(gateOf(queues).waitMs(200)).toBe(0);
  });

  it('is not kept for a few users', () => {
    expect(gateOf(users(31, BACKLOG)).waitMs(1)).toBe(0);
    expect(gateOf(users(32, BACKLOG)).waitMs(1)).toBeGreaterThan(0);
  });

  it('is given up when tasks take time', () => {
    const gate = gateOf(users(100, BACKLOG));
    gate.release();
    expect(gate.waitMs(1)).toBe(0);
  });
});
