import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairScheduler } from '../../../../src/core/scheduling/fair-scheduler.js';
import { fill, type ScheduledTask, take, usersOf } from '../../../support/scheduled-task.js';

interface Profile {
  readonly weight: number;
  /** What its tasks cost, one after the other, over and over. */
  readonly costs: readonly number[];
}

const weight = fc.oneof(fc.constantFrom(0.25, 1, 1, 3), fc.double({ min: 0.1, max: 10, noNaN: true }));
const cost = fc.double({ min: 0.5, max: 4, noNaN: true });
const profile = fc.record({ weight, costs: fc.array(cost, { minLength: 1, maxLength: 4 }) });

/** Users named by their numbers, and what they have been served. */
class Turns {
  readonly scheduler: FairScheduler<ScheduledTask>;
  readonly served: number[];

  constructor(profiles: readonly Profile[]) {
    this.served = profiles.map(() => 0);
    this.scheduler = new FairScheduler<ScheduledTask>(
      (user) => profiles[Number(user)]!.weight,
      ({ user }) => {
        const { costs } = profiles[Number(user)]!;
        return costs[this.served[Number(user)]! % costs.length]!;
      },
    );
  }

  arrive(user: number, count: number): void {
    fill(this.scheduler, `${user}`, count);
  }

  pick(): number {
    const user = Number(this.scheduler.next()!.lane.user);
    this.served[user]!++;
    return user;
  }
}

describe('no user starves', () => {
  /**
   * When a user has been picked, its virtual time is ahead of the present one by its charge, cost / weight.
   * Until that has passed, every other user is picked as often as its own charges go into it, and once
   * more, for that pick begins within it.
   */
  function longestWait(profiles: readonly Profile[], user: number): number {
    const ahead = Math.max(...profiles[user]!.costs) / profiles[user]!.weight;
    let picks = 1;
    for (const [other, { weight, costs }] of profiles.entries()) {
      if (other !== user) picks += Math.floor((ahead * weight) / Math.min(...costs) + 1e-9) + 1;
    }
    return picks;
  }

  it('however many there are and whatever their weights', () => {
    fc.assert(
      fc.property(fc.array(profile, { minLength: 1, maxLength: 12 }), (profiles) => {
        const turns = new Turns(profiles);
        for (const user of profiles.keys()) turns.arrive(user, 3);
        const waits = profiles.map((_, user) => longestWait(profiles, user));
        const lastPicks = profiles.map(() => 0);
        for (let pick = 1; pick <= 1_000; pick++) {
          const picked = turns.pick();
          turns.arrive(picked, 1);
          lastPicks[picked] = pick;
          for (const [user, last] of lastPicks.entries()) {
            if (pick - last >= waits[user]!) throw new Error(`user ${user} waits since pick ${last}`);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('when others come and go and are ahead of it at each return', () => {
    const scheduler = new FairScheduler<ScheduledTask>();
    fill(scheduler, 'A', 100);
    fill(scheduler, 'B', 100);
    const visitors = [...'CDEFG'];
    let order = '';
    for (let i = 0; i < 200; i++) {
      for (const user of visitors) scheduler.rest(scheduler.lane(user));
      fill(scheduler, visitors[i % visitors.length]!, 1);
      order += usersOf(take(scheduler, 1));
    }
    const longestWait = 1 + 6 * 2;
    for (let i = 0; i + longestWait <= order.length; i++) {
      expect(order.slice(i, i + longestWait)).toMatch(/A.*B|B.*A/);
    }
  });
});

describe('a rest earns no credit', () => {
  it('against users with a backlog all along, over any number of rests', () => {
    const visit = fc.record({ away: fc.nat({ max: 100 }), tasks: fc.integer({ min: 1, max: 40 }) });
    fc.assert(
      fc.property(
        fc.array(profile, { minLength: 2, maxLength: 7 }),
        fc.array(visit, { minLength: 1, maxLength: 8 }),
        (profiles, visits) => {
          const turns = new Turns(profiles);
          const service = profiles.map(() => 0);
          for (let user = 1; user < profiles.length; user++) turns.arrive(user, 3);
          const pick = () => {
            const user = turns.pick();
            service[user]! += turns.scheduler.lane(`${user}`).charge / profiles[user]!.weight;
            if (user > 0) turns.arrive(user, 1);
          };
          const guest = turns.scheduler.lane('0');
          const returns: number[][] = [];
          for (const { away, tasks } of visits) {
            for (let i = 0; i < away; i++) pick();
            turns.scheduler.rest(guest);
            turns.arrive(0, tasks);
            returns.push([...service]);
            for (let i = 0; guest.prefetched.size > 0; i++) {
              if (i > 100_000) throw new Error('the guest is not served');
              pick();
              for (const since of returns) checkLead(profiles, service, since);
            }
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  /** What user 0 has got since then is no more than any other has, within one largest charge of each. */
  function checkLead(
    profiles: readonly Profile[],
    service: readonly number[],
    since: readonly number[],
  ): void {
    const got = service.map((now, user) => now - since[user]!);
    const reach = profiles.map(({ weight, costs }) => Math.max(...costs) / weight);
    for (let other = 1; other < profiles.length; other++) {
      if (got[0]! - got[other]! > reach[0]! + reach[other]! + 1e-9) {
        throw new Error(`the guest got ${got[0]}, and user ${other} ${got[other]}`);
      }
    }
  }
});
