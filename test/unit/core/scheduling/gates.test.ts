import { describe, expect, it } from 'vitest';
import { ArrivalScheduler } from '../../../../src/core/scheduling/arrival-scheduler.js';
import { FairScheduler } from '../../../../src/core/scheduling/fair-scheduler.js';
import type { Scheduler } from '../../../../src/core/scheduling/scheduler.js';
import { fill, type ScheduledTask, take, usersOf } from '../../../support/scheduled-task.js';
import { capped } from '../../../support/test-gate.js';

const schedulers: Record<string, () => Scheduler<ScheduledTask>> = {
  fair: () => new FairScheduler<ScheduledTask>(),
  arrival: () => new ArrivalScheduler<ScheduledTask>(),
};

describe.each(Object.keys(schedulers))('a gate (%s)', (kind) => {
  const made = () => schedulers[kind]!();
  const started = (scheduler: Scheduler<ScheduledTask>) => usersOf(take(scheduler));

  it('keeps a lane from its turns, and leaves them to others', () => {
    const scheduler = made();
    const gate = capped(scheduler, 'A', 1);
    fill(scheduler, 'A', 3);
    fill(scheduler, 'B', 2);
    expect(started(scheduler)).toBe('ABB');
    expect(scheduler).toMatchObject({ prefetched: 2, startable: 0 });
    expect(gate).toMatchObject({ running: 1, asked: 2 });
  });

  it('is asked once, and not again before its lane is let go', () => {
    const scheduler = made();
    const gate = capped(scheduler, 'A', 0);
    fill(scheduler, 'A', 2);
    for (let i = 0; i < 5; i++) expect(scheduler.next()).toBeUndefined();
    fill(scheduler, 'A', 2, 2);
    expect(scheduler.next()).toBeUndefined();
    expect(gate.asked).toBe(1);
    gate.cap = 1;
    scheduler.letGo(scheduler.lane('A'), true);
    expect(scheduler.startable).toBe(4);
    expect(take(scheduler).map(({ number }) => number)).toEqual([0]);
  });

  it('is told when a blocked lane that had nothing here gets a task, and may let it go at once', () => {
    const scheduler = made();
    const gate = capped(scheduler, 'A', 1);
    const lane = scheduler.lane('A');
    let told = 0;
    gate.arrived = () => {
      told++;
      if (gate.cap > 1) scheduler.letGo(lane, true);
    };
    fill(scheduler, 'A', 2);
    expect(started(scheduler)).toBe('A');
    scheduler.takeBack(lane);
    expect(told).toBe(0);
    fill(scheduler, 'A', 2, 2);
    expect([told, started(scheduler)]).toEqual([1, '']);
    while (scheduler.takeBack(lane) !== undefined);
    gate.cap = 2;
    fill(scheduler, 'A', 1, 4);
    expect([told, started(scheduler)]).toEqual([2, 'A']);
  });

  it('lets the tasks of a lane go in their order', () => {
    const scheduler = made();
    const gate = capped(scheduler, 'A', 1);
    fill(scheduler, 'A', 2);
    fill(scheduler, 'B', 1);
    fill(scheduler, 'A', 2, 2);
    const numbers: number[] = [];
    for (let i = 0; i < 4; i++) {
      numbers.push(...take(scheduler).flatMap(({ lane, number }) => (lane.user === 'A' ? number : [])));
      gate.ended();
    }
    expect(numbers).toEqual([0, 1, 2, 3]);
  });

  it('counts what is given back, dropped and pushed of a blocked lane', () => {
    const scheduler = made();
    capped(scheduler, 'A', 0);
    const lane = scheduler.lane('A');
    fill(scheduler, 'A', 5);
    fill(scheduler, 'B', 2);
    expect(started(scheduler)).toBe('BB');
    scheduler.takeBack(lane);
    scheduler.dropUnless(({ number }) => number !== 0);
    expect(scheduler).toMatchObject({ prefetched: 3, startable: 0 });
    while (scheduler.takeBack(lane) !== undefined);
    scheduler.rest(lane);
    fill(scheduler, 'A', 1, 9);
    expect(scheduler).toMatchObject({ prefetched: 1, startable: 0 });
    expect(scheduler.next()).toBeUndefined();
    scheduler.setGate(lane, undefined);
    expect(scheduler).toMatchObject({ prefetched: 1, startable: 1 });
    expect(take(scheduler).map(({ number }) => number)).toEqual([9]);
  });

  it('may be let go with nothing there', () => {
    const scheduler = made();
    const gate = capped(scheduler, 'A', 0);
    fill(scheduler, 'A', 1);
    expect(scheduler.next()).toBeUndefined();
    scheduler.takeBack(scheduler.lane('A'));
    gate.cap = 1;
    scheduler.letGo(scheduler.lane('A'), true);
    expect(scheduler).toMatchObject({ prefetched: 0, startable: 0 });
    fill(scheduler, 'A', 1);
    expect(started(scheduler)).toBe('A');
  });

  it('is set for a lane that is there, and for one still to come', () => {
    const scheduler = made();
    fill(scheduler, 'A', 2);
    const shut = { take: () => false, ended: () => {}, notStarted: () => {} };
    for (const user of ['A', 'C']) scheduler.setGate(scheduler.lane(user), shut);
    fill(scheduler, 'B', 1);
    fill(scheduler, 'C', 1);
    expect(started(scheduler)).toBe('B');
    const lanes = ['A', 'B', 'C'].map((user) => scheduler.lane(user));
    expect(lanes.map((lane) => scheduler.gateOf(lane))).toEqual([shut, undefined, shut]);
    expect(lanes.map(({ blocked }) => blocked)).toEqual([true, false, true]);
    for (const lane of lanes) scheduler.setGate(lane, lane.user === 'A' ? shut : undefined);
    expect(lanes.map(({ blocked }) => blocked)).toEqual([true, false, false]);
    expect(started(scheduler)).toBe('C');
  });

  it('is asked for a task that is in no lane', () => {
    const scheduler = made();
    const gate = capped(scheduler, 'A', 1);
    const lane = scheduler.lane('A');
    expect([scheduler.admits(lane), scheduler.admits(lane), scheduler.admits(lane)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(gate).toMatchObject({ running: 1, asked: 2 });
    gate.notStarted();
    expect(scheduler.admits(lane)).toBe(true);
    expect(scheduler.admits(scheduler.lane('B'))).toBe(true);
  });
});

describe('in the fair scheduler', () => {
  it('who was let go with credit comes first, and catches up so many turns', () => {
    const scheduler = new FairScheduler<ScheduledTask>();
    const gate = capped(scheduler, 'A', 1);
    fill(scheduler, 'A', 100);
    fill(scheduler, 'B', 400);
    take(scheduler, 100);
    gate.cap = Number.POSITIVE_INFINITY;
    gate.ended();
    const first = usersOf(take(scheduler, 40));
    expect(first.slice(0, 18)).toBe(`${'A'.repeat(17)}B`);
    expect(first.slice(20)).toMatch(/^(AB)+A?$|^(BA)+B?$/);
  });

  it('who is let go by a policy has no credit', () => {
    const scheduler = new FairScheduler<ScheduledTask>();
    capped(scheduler, 'A', 1);
    fill(scheduler, 'A', 100);
    fill(scheduler, 'B', 400);
    take(scheduler, 100);
    scheduler.setGate(scheduler.lane('A'), undefined);
    expect(usersOf(take(scheduler, 6))).toMatch(/^A+B?(AB)+|^(AB)+/);
    expect(usersOf(take(scheduler, 20))).toMatch(/^(AB)+$|^(BA)+$/);
  });

  it('who rested while it was blocked has no credit for that time', () => {
    const scheduler = new FairScheduler<ScheduledTask>();
    const gate = capped(scheduler, 'A', 1);
    const lane = scheduler.lane('A');
    fill(scheduler, 'A', 2);
    fill(scheduler, 'B', 400);
    take(scheduler, 10);
    scheduler.takeBack(lane);
    scheduler.rest(lane);
    take(scheduler, 100);
    fill(scheduler, 'A', 50);
    gate.cap = Number.POSITIVE_INFINITY;
    gate.ended();
    expect(usersOf(take(scheduler, 20))).toMatch(/^A?(AB)+A?$|^A?(BA)+B?$/);
  });

  it('a weight counts from the next turn on, whatever was charged before', () => {
    const scheduler = new FairScheduler<ScheduledTask>((user) => (user === 'A' ? 0.01 : 1));
    fill(scheduler, 'A', 300);
    fill(scheduler, 'B', 300);
    expect(usersOf(take(scheduler, 4))).toBe('ABBB');
    scheduler.setWeight(scheduler.lane('A'), 2);
    expect(usersOf(take(scheduler, 30)).match(/A/g)!.length).toBeGreaterThanOrEqual(19);
    for (const user of ['A', 'B']) scheduler.setWeight(scheduler.lane(user), user === 'B' ? 4 : 1);
    const next = usersOf(take(scheduler, 50)).match(/B/g)!.length;
    expect(next).toBeGreaterThanOrEqual(39);
    expect(next).toBeLessThanOrEqual(41);
    expect(scheduler.lane('C').weight).toBe(1);
  });
});
