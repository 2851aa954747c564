import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArrivalScheduler } from '../../../src/core/arrival-scheduler.js';
import { FairScheduler } from '../../../src/core/fair-scheduler.js';
import type { Lane } from '../../../src/core/scheduler.js';

interface Task {
  readonly lane: Lane<Task>;
  readonly number: number;
}

/** Adds `count` tasks for a user. */
function fill(
  scheduler: FairScheduler<Task> | ArrivalScheduler<Task>,
  user: string,
  count: number,
  from = 0,
): void {
  const lane = scheduler.lane(user);
  for (let i = 0; i < count; i++) scheduler.push(lane, { lane, number: from + i });
}

function takeAll(scheduler: FairScheduler<Task> | ArrivalScheduler<Task>): Task[] {
  const taken: Task[] = [];
  for (let task = scheduler.next(); task; task = scheduler.next()) taken.push(task);
  return taken;
}

const users = (tasks: readonly Task[]) => tasks.map(({ lane }) => lane.user).join('');

describe('the fair scheduler', () => {
  it('takes turns between users, whoever came first', () => {
    const scheduler = new FairScheduler<Task>();
    fill(scheduler, 'A', 5);
    fill(scheduler, 'B', 3);
    expect(users(takeAll(scheduler))).toBe('ABABABAA');
  });

  it('keeps the order of one user', () => {
    const scheduler = new FairScheduler<Task>();
    fill(scheduler, 'A', 5);
    fill(scheduler, 'B', 5);
    const ofA = takeAll(scheduler).filter(({ lane }) => lane.user === 'A');
    expect(ofA.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4]);
  });

  it('gives a user that returns from rest its turn at once, but no credit for the rest', () => {
    const scheduler = new FairScheduler<Task>();
    fill(scheduler, 'A', 100);
    fill(scheduler, 'B', 1);
    for (let i = 0; i < 50; i++) scheduler.next();
    scheduler.rest(scheduler.lane('B'));
    fill(scheduler, 'B', 5);
    const next = Array.from({ length: 6 }, () => scheduler.next()!);
    expect(users(next)).toBe('BABABA');
  });

  it('lets a user catch up whose tasks were only late, not absent', () => {
    const scheduler = new FairScheduler<Task>();
    fill(scheduler, 'A', 100);
    fill(scheduler, 'B', 1);
    for (let i = 0; i < 11; i++) scheduler.next();
    fill(scheduler, 'B', 20);
    const next = Array.from({ length: 9 }, () => scheduler.next()!);
    expect(users(next)).toBe('BBBBBBBBB');
  });

  it('serves users in proportion to their weights', () => {
    const scheduler = new FairScheduler<Task>();
    scheduler.lane('A').weight = 3;
    fill(scheduler, 'A', 300);
    fill(scheduler, 'B', 300);
    const first = Array.from({ length: 200 }, () => scheduler.next()!);
    expect(first.filter(({ lane }) => lane.user === 'A')).toHaveLength(150);
  });

  it('charges what a task turned out to cost', () => {
    const scheduler = new FairScheduler<Task>();
    fill(scheduler, 'A', 10);
    fill(scheduler, 'B', 10);
    const first = scheduler.next()!;
    scheduler.correct(first.lane, 3);
    const next = Array.from({ length: 5 }, () => scheduler.next()!);
    expect(users([first, ...next])).toBe('ABBBBA');
  });

  it('gives back the youngest task of a user and forgets an empty one', () => {
    const scheduler = new FairScheduler<Task>();
    fill(scheduler, 'A', 2);
    const lane = scheduler.lane('A');
    expect(scheduler.takeBack(lane)?.number).toBe(1);
    expect(scheduler.takeBack(lane)?.number).toBe(0);
    expect(scheduler.takeBack(lane)).toBeUndefined();
    expect(scheduler.held).toBe(0);
    expect(scheduler.next()).toBeUndefined();
  });

  it('drops what no longer passes and goes on with the rest', () => {
    const scheduler = new FairScheduler<Task>();
    fill(scheduler, 'A', 4);
    fill(scheduler, 'B', 4);
    scheduler.dropUnless(({ lane, number }) => lane.user === 'B' && number % 2 === 0);
    expect(scheduler.held).toBe(2);
    expect(users(takeAll(scheduler))).toBe('BB');
  });

  it('begins with the users in the order arranged', () => {
    const scheduler = new FairScheduler<Task>();
    for (const user of ['A', 'B', 'C']) fill(scheduler, user, 2);
    scheduler.arrange(['B', 'C', 'A'].map((user) => scheduler.lane(user)));
    expect(users(takeAll(scheduler))).toBe('BCABCA');
  });

  it('keeps any two backlogged users within one largest task each, whatever arrives', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ weight: fc.integer({ min: 1, max: 9 }), cost: fc.integer({ min: 1, max: 20 }) }),
          {
            minLength: 2,
            maxLength: 12,
          },
        ),
        fc.array(
          fc.oneof(
            { weight: 3, arbitrary: fc.constant({ kind: 'pick' as const }) },
            {
              weight: 1,
              arbitrary: fc.record({
                kind: fc.constant('arrive' as const),
                user: fc.nat({ max: 11 }),
                count: fc.integer({ min: 1, max: 30 }),
              }),
            },
          ),
          { minLength: 50, maxLength: 400 },
        ),
        (profiles, steps) => checkBound(profiles, steps),
      ),
      { numRuns: 400 },
    );
  });
});

type Step = { kind: 'pick' } | { kind: 'arrive'; user: number; count: number };
interface Profile {
  readonly weight: number;
  readonly cost: number;
}

/**
 * For each pair, follows the difference of service / weight through every interval in which both are
 * backlogged: its spread within the interval may not pass one largest task of each.
 */
function checkBound(profiles: readonly Profile[], steps: readonly Step[]): void {
  const names = profiles.map((_, i) => `user-${i}`);
  const costs = new Map(names.map((name, i) => [name, profiles[i]!.cost]));
  const scheduler = new FairScheduler<Task>((lane) => costs.get(lane.user)!);
  const lanes = names.map((name, i) => {
    const lane = scheduler.lane(name);
    lane.weight = profiles[i]!.weight;
    return lane;
  });
  const service = names.map(() => 0);
  const intervals = new Map<string, { least: number; most: number }>();
  const follow = () => {
    for (let a = 0; a < lanes.length; a++) {
      for (let b = a + 1; b < lanes.length; b++) {
        const key = `${a},${b}`;
        if (lanes[a]!.held.size === 0 || lanes[b]!.held.size === 0) {
          intervals.delete(key);
          continue;
        }
        const difference = service[a]! - service[b]!;
        const seen = intervals.get(key) ?? { least: difference, most: difference };
        seen.least = Math.min(seen.least, difference);
        seen.most = Math.max(seen.most, difference);
        intervals.set(key, seen);
        const bound = profiles[a]!.cost / profiles[a]!.weight + profiles[b]!.cost / profiles[b]!.weight;
        expect(seen.most - seen.least).toBeLessThanOrEqual(bound + 1e-9);
      }
    }
  };
  for (const step of steps) {
    if (step.kind === 'arrive') {
      const lane = lanes[step.user % lanes.length]!;
      for (let i = 0; i < step.count; i++) scheduler.push(lane, { lane, number: i });
    } else {
      const task = scheduler.next();
      if (task === undefined) continue;
      const index = lanes.indexOf(task.lane);
      service[index]! += profiles[index]!.cost / profiles[index]!.weight;
      scheduler.rest(task.lane);
    }
    follow();
  }
}

describe('the arrival scheduler', () => {
  it('runs tasks in the order in which they came', () => {
    const scheduler = new ArrivalScheduler<Task>();
    fill(scheduler, 'A', 3);
    fill(scheduler, 'B', 2);
    fill(scheduler, 'A', 1, 3);
    expect(users(takeAll(scheduler))).toBe('AAABBA');
  });

  it('skips what was given back', () => {
    const scheduler = new ArrivalScheduler<Task>();
    fill(scheduler, 'A', 3);
    fill(scheduler, 'B', 1);
    scheduler.takeBack(scheduler.lane('A'));
    expect(scheduler.held).toBe(3);
    expect(users(takeAll(scheduler))).toBe('AAB');
  });
});
