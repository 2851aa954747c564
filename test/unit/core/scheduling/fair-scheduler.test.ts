import { describe, expect, it } from 'vitest';
import { FairScheduler } from '../../../../src/core/scheduling/fair-scheduler.js';
import { fill, type ScheduledTask, take, usersOf } from '../../../support/scheduled-task.js';

const schedulerOf = (...args: ConstructorParameters<typeof FairScheduler<ScheduledTask>>) =>
  new FairScheduler<ScheduledTask>(...args);

describe('the fair scheduler', () => {
  it('takes turns between users, whoever came first', () => {
    const scheduler = schedulerOf();
    fill(scheduler, 'A', 5);
    fill(scheduler, 'B', 3);
    expect(usersOf(take(scheduler))).toBe('ABABABAA');
  });

  it('has a turn for each of two queues, though their users have the same name', () => {
    const scheduler = schedulerOf();
    const lanes = [
      scheduler.lane('A', 'queue-1'),
      scheduler.lane('A', 'queue-2'),
      scheduler.lane('B', 'queue-3'),
    ];
    expect(new Set(lanes).size).toBe(3);
    expect(scheduler.lane('A', 'queue-1')).toBe(lanes[0]);
    expect(lanes.map(({ user }) => user)).toEqual(['A', 'A', 'B']);
  });

  it('keeps the order of one user', () => {
    const scheduler = schedulerOf();
    fill(scheduler, 'A', 5);
    fill(scheduler, 'B', 5);
    const ofA = take(scheduler).filter(({ lane }) => lane.user === 'A');
    expect(ofA.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4]);
  });

  it('serves users in proportion to their weights', () => {
    const scheduler = schedulerOf((user) => (user === 'A' ? 3 : 1));
    fill(scheduler, 'A', 300);
    fill(scheduler, 'B', 300);
    const ofA = take(scheduler, 200).filter(({ lane }) => lane.user === 'A');
    expect(ofA).toHaveLength(150);
  });

  it('begins with the users in the order arranged', () => {
    const scheduler = schedulerOf();
    for (const user of ['A', 'B', 'C']) fill(scheduler, user, 2);
    scheduler.arrange(['B', 'C', 'A'].map((user) => scheduler.lane(user)));
    expect(usersOf(take(scheduler))).toBe('BCABCA');
  });

  it('arranges only those that wait for their first turn', () => {
    const scheduler = schedulerOf();
    for (const user of ['A', 'B', 'C']) fill(scheduler, user, 2);
    take(scheduler, 2);
    const absent = scheduler.lane('D');
    scheduler.arrange([absent, ...['B', 'C', 'A'].map((user) => scheduler.lane(user))]);
    expect(usersOf(take(scheduler))).toBe('CABC');
  });
});

describe('a user that comes back to the fair scheduler', () => {
  it('has its turn at once, but no credit for its rest', () => {
    const scheduler = schedulerOf();
    fill(scheduler, 'A', 100);
    fill(scheduler, 'B', 1);
    take(scheduler, 50);
    scheduler.rest(scheduler.lane('B'));
    fill(scheduler, 'B', 5);
    expect(usersOf(take(scheduler, 6))).toBe('BABABA');
  });

  it('goes before those that have been served as much', () => {
    const scheduler = schedulerOf();
    fill(scheduler, 'A', 5);
    fill(scheduler, 'B', 5);
    expect(usersOf(take(scheduler, 3))).toBe('ABA');
    fill(scheduler, 'C', 2);
    fill(scheduler, 'D', 2);
    expect(usersOf(take(scheduler, 6))).toBe('CDBACD');
  });

  it('gains nothing by resting after each task', () => {
    const scheduler = schedulerOf();
    fill(scheduler, 'A', 100);
    let order = '';
    for (let i = 0; i < 10; i++) {
      scheduler.rest(scheduler.lane('B'));
      fill(scheduler, 'B', 1);
      order += usersOf(take(scheduler, 2));
    }
    expect(order).toMatch(/^(AB|BA)+$/);
  });

  it('catches up if its tasks were only late, not absent, and then takes turns again', () => {
    const scheduler = schedulerOf();
    fill(scheduler, 'A', 100);
    fill(scheduler, 'B', 1);
    expect(usersOf(take(scheduler, 11))).toBe('ABAAAAAAAAA');
    fill(scheduler, 'B', 20);
    expect(usersOf(take(scheduler, 14))).toBe('BBBBBBBBBABABA');
  });

  it('catches up no more than what could have been on its way', () => {
    const scheduler = schedulerOf();
    fill(scheduler, 'A', 100);
    fill(scheduler, 'B', 1);
    scheduler.lane('B').late = 4;
    expect(usersOf(take(scheduler, 11))).toBe('ABAAAAAAAAA');
    fill(scheduler, 'B', 20);
    expect(usersOf(take(scheduler, 9))).toBe('BBBBBABAB');
  });

  it('is where the others are after all that it held was taken back', () => {
    const scheduler = schedulerOf();
    fill(scheduler, 'A', 100);
    fill(scheduler, 'B', 1);
    scheduler.takeBack(scheduler.lane('B'));
    take(scheduler, 50);
    scheduler.lane('B').late = 0;
    fill(scheduler, 'B', 3);
    expect(usersOf(take(scheduler, 6))).toMatch(/^(AB|BA){3}$/);
  });

  it('has not rested while tasks of it were held', () => {
    const scheduler = schedulerOf();
    fill(scheduler, 'A', 100);
    fill(scheduler, 'B', 1);
    scheduler.rest(scheduler.lane('B'));
    expect(usersOf(take(scheduler, 11))).toBe('ABAAAAAAAAA');
    fill(scheduler, 'B', 20);
    expect(usersOf(take(scheduler, 9))).toBe('BBBBBBBBB');
  });
});

describe('a corrected charge', () => {
  it('counts as if it had been known at the start', () => {
    const scheduler = schedulerOf();
    fill(scheduler, 'A', 10);
    fill(scheduler, 'B', 10);
    const [first] = take(scheduler, 1);
    scheduler.correct(first!.lane, 3);
    expect(usersOf(take(scheduler, 5))).toBe('BBBBA');
  });

  it('brings a user forward if it was too high', () => {
    const scheduler = schedulerOf(undefined, () => 4);
    for (const user of ['A', 'B', 'C']) fill(scheduler, user, 10);
    take(scheduler, 3);
    scheduler.correct(scheduler.lane('C'), -3);
    expect(usersOf(take(scheduler, 2))).toBe('CA');
  });

  it('is divided by the weight', () => {
    const scheduler = schedulerOf((user) => (user === 'A' ? 4 : 1));
    fill(scheduler, 'A', 10);
    fill(scheduler, 'B', 10);
    const [first] = take(scheduler, 1);
    scheduler.correct(first!.lane, 7);
    expect(usersOf(take(scheduler, 3))).toBe('BBA');
  });

  it('reaches a user that holds nothing at the moment', () => {
    const scheduler = schedulerOf();
    fill(scheduler, 'A', 10);
    fill(scheduler, 'B', 1);
    expect(usersOf(take(scheduler, 2))).toBe('AB');
    scheduler.correct(scheduler.lane('B'), 2.5);
    fill(scheduler, 'B', 5);
    expect(usersOf(take(scheduler, 5))).toBe('AAABA');
  });

  it('starts from the charge that was made', () => {
    const charges = [5, 3];
    const scheduler = schedulerOf(undefined, () => charges.shift()!);
    fill(scheduler, 'A', 2);
    const lane = scheduler.lane('A');
    for (const charge of [5, 3]) {
      scheduler.next();
      expect(lane.charge).toBe(charge);
    }
  });
});

describe('tasks that leave the fair scheduler unserved', () => {
  it('are given back youngest first, and an emptied user is forgotten', () => {
    const scheduler = schedulerOf();
    fill(scheduler, 'A', 2);
    const lane = scheduler.lane('A');
    expect(scheduler.takeBack(lane)?.number).toBe(1);
    expect(scheduler.takeBack(lane)?.number).toBe(0);
    expect(scheduler.takeBack(lane)).toBeUndefined();
    expect(scheduler.prefetched).toBe(0);
    expect(scheduler.next()).toBeUndefined();
  });

  it('are not charged', () => {
    const scheduler = schedulerOf();
    fill(scheduler, 'A', 6);
    fill(scheduler, 'B', 6);
    for (let i = 0; i < 3; i++) scheduler.takeBack(scheduler.lane('A'));
    expect(usersOf(take(scheduler))).toBe('ABABABBBB');
  });

  it('are dropped when they do not pass, and the rest goes on', () => {
    const scheduler = schedulerOf();
    fill(scheduler, 'A', 4);
    fill(scheduler, 'B', 4);
    let asked = 0;
    scheduler.dropUnless(({ lane, number }) => {
      asked++;
      return lane.user === 'B' && number % 2 === 0;
    });
    expect(asked).toBe(8);
    expect(scheduler.prefetched).toBe(2);
    expect(usersOf(take(scheduler))).toBe('BB');
    fill(scheduler, 'A', 1);
    expect(usersOf(take(scheduler))).toBe('A');
  });
});
