import { describe, expect, it } from 'vitest';
import { ArrivalScheduler } from '../../../../src/core/scheduling/arrival-scheduler.js';
import { fill, type ScheduledTask, take, usersOf } from '../../../support/scheduled-task.js';

describe('the arrival scheduler', () => {
  it('runs tasks in the order in which they came', () => {
    const scheduler = new ArrivalScheduler<ScheduledTask>();
    fill(scheduler, 'A', 3);
    fill(scheduler, 'B', 2);
    fill(scheduler, 'A', 1, 3);
    expect(usersOf(take(scheduler))).toBe('AAABBA');
  });

  it('skips what was given back', () => {
    const scheduler = new ArrivalScheduler<ScheduledTask>();
    fill(scheduler, 'A', 3);
    fill(scheduler, 'B', 1);
    scheduler.takeBack(scheduler.lane('A'));
    expect(scheduler.prefetched).toBe(3);
    expect(usersOf(take(scheduler))).toBe('AAB');
  });

  it('drops what no longer passes, and asks once for each task that is held', () => {
    const scheduler = new ArrivalScheduler<ScheduledTask>();
    fill(scheduler, 'A', 4);
    fill(scheduler, 'B', 2);
    scheduler.takeBack(scheduler.lane('A'));
    const asked: string[] = [];
    scheduler.dropUnless(({ lane, number }) => {
      asked.push(`${lane.user}${number}`);
      return number !== 1;
    });
    expect(asked.sort()).toEqual(['A0', 'A1', 'A2', 'B0', 'B1']);
    expect(scheduler.prefetched).toBe(3);
    expect([scheduler.lane('A').prefetched.size, scheduler.lane('B').prefetched.size]).toEqual([2, 1]);
    expect(take(scheduler).map(({ lane, number }) => lane.user + number)).toEqual(['A0', 'A2', 'B0']);
  });
});
