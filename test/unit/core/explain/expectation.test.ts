import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectationOf, type WaitRange } from '../../../../src/core/explain/expectation.js';
import type { Facts } from '../../../../src/core/explain/facts.js';
import { reasonsOf } from '../../../../src/core/explain/reasons.js';
import { facts, inForce, lane, NOW, queue, worker } from '../../../support/explain-facts.js';

const of = (about: Partial<Facts>) => {
  const all = facts(about);
  return expectationOf(all, reasonsOf(all));
};
const rate = { starts: 10, perMs: 1_000, burst: 10 };

describe('what may be expected', () => {
  it('is a range, from all slots and no others to its share of them', () => {
    const { nextStart, end, restsOn } = of({});
    expect(restsOn).toEqual({ tasks: 10, taskMs: [100, 100], ofOthers: false, slots: 2, share: 0.5 });
    expect(nextStart).toEqual({ leastMs: 0, mostMs: 100 });
    // Ten tasks of 100 ms in two slots; in one, after a wait for it, and to the end of the last.
    expect(end).toEqual({ leastMs: 500, mostMs: 1_200 });
  });

  it('goes by run times of other users while none of its own has ended, and is unknown where none has', () => {
    const others = of({ workers: [worker({ lane: lane({ taskMs: null }) })] });
    expect(others.restsOn).toMatchObject({ taskMs: [80, 80], ofOthers: true });
    const nobody = of({ workers: [worker({ allMs: null, lane: lane({ taskMs: 5_000 }) })] });
    expect(nobody).toMatchObject({ nextStart: { unknown: expect.any(String) }, restsOn: { taskMs: null } });
    expect(nobody.end).toHaveProperty('unknown');
  });

  it('keeps to a cap, a rate and an order', () => {
    const end = (about: Partial<Facts>) => of(about).end as WaitRange;
    const wide = [worker({ slots: 10, busy: 10, lane: lane({ ofSlots: 1 }) })];
    expect(end({ workers: wide }).leastMs).toBe(100);
    expect(end({ workers: wide, limits: inForce({ cap: { tasks: 2 } }) }).leastMs).toBe(500);
    expect(end({ workers: wide, queue: queue({ ordered: true }) }).leastMs).toBe(1_000);
    const many = queue({ ready: 110 });
    expect(end({ workers: wide, queue: many, limits: inForce({ rate }) }).leastMs).toBe(10_000);
  });

  it('waits for the end of a pause, and is unknown where it has none', () => {
    const until = of({ limits: inForce({ paused: true }, { until: NOW + 60_000 }) });
    expect(until.nextStart).toEqual({ leastMs: 60_000, mostMs: 60_100 });
    const never = of({ limits: inForce({ paused: true }) });
    expect(never).toMatchObject({
      nextStart: { unknown: expect.stringContaining('resumed') },
      end: { unknown: expect.stringContaining('resumed') },
    });
  });

  it('is unknown under an alarm, without a worker, and where none answers', () => {
    for (const about of [{ alarms: ['memory'] }, { workers: [], queue: queue({ consumers: 0 }) }]) {
      expect(of(about).nextStart).toHaveProperty('unknown');
    }
    expect(of({ workers: [], silent: [{ worker: 'w' }] }).nextStart).toHaveProperty('unknown');
  });

  it('waits for what is due, and for the next token', () => {
    const retrying = worker({ busy: 0, lane: lane({ retrying: 1, retryInMs: 700 }) });
    expect(of({ queue: queue({ ready: 0 }), workers: [retrying] }).nextStart).toEqual({
      leastMs: 700,
      mostMs: 700,
    });
    const limited = [worker({ busy: 0, lane: lane({ blocked: 'rate', nextTokenMs: 40 }) })];
    expect(of({ limits: inForce({ rate }), workers: limited }).nextStart).toMatchObject({ leastMs: 40 });
  });

  it('is nothing where nothing waits', () => {
    expect(of({ queue: queue({ ready: 0 }) })).toEqual({});
  });

  it('of a task lies between those of its user that may be before it', () => {
    const state = { id: 't', state: 'queued', user: 'A' } as const;
    const { nextStart } = of({ subject: { of: 'task', name: 't' }, task: { state } });
    expect(nextStart).toEqual({ leastMs: 0, mostMs: 1_000 });
  });

  it('is in order, and no sooner with more tasks, fewer slots or a lower cap', () => {
    const about = fc.record({
      ready: fc.integer({ min: 1, max: 100_000 }),
      slots: fc.integer({ min: 1, max: 50 }),
      cap: fc.integer({ min: 2, max: 50 }),
      taskMs: fc.double({ min: 0.01, max: 1e6, noNaN: true }),
      ofSlots: fc.double({ min: 0.001, max: 1, noNaN: true }),
      before: fc.integer({ min: 0, max: 1_000 }),
    });
    fc.assert(
      fc.property(about, ({ ready, slots, cap, taskMs, ofSlots, before }) => {
        const endOf = (change: { ready?: number; slots?: number; cap?: number }) => {
          const now = { ready, slots, cap, ...change };
          const told = lane({ taskMs, ofSlots, before });
          const one = worker({ slots: now.slots, busy: now.slots, users: 3, lane: told });
          const limits = inForce({ cap: { tasks: now.cap } });
          const found = of({ queue: queue({ ready: now.ready }), workers: [one], limits });
          const [start, end] = [found.nextStart as WaitRange, found.end as WaitRange];
          expect(start.leastMs).toBeLessThanOrEqual(start.mostMs ?? 0);
          expect(end.leastMs).toBeLessThan(end.mostMs ?? 0);
          expect(start.mostMs).toBeLessThanOrEqual(end.mostMs ?? 0);
          return end;
        };
        const end = endOf({});
        for (const worse of [endOf({ ready: ready * 2 }), endOf({ cap: cap - 1 })]) {
          expect(worse.leastMs).toBeGreaterThanOrEqual(end.leastMs);
          expect(worse.mostMs).toBeGreaterThanOrEqual(end.mostMs ?? 0);
        }
        expect(endOf({ slots: slots + 1 }).leastMs).toBeLessThanOrEqual(end.leastMs);
      }),
    );
  });
});
