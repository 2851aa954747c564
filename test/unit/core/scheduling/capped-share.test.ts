import { describe, expect, it } from 'vitest';
import { FairScheduler } from '../../../../src/core/scheduling/fair-scheduler.js';
import { seededRandom } from '../../../../src/core/values/random.js';
import { fill, type ScheduledTask } from '../../../support/scheduled-task.js';
import { TestGate } from '../../../support/test-gate.js';

interface CappedUser {
  readonly weight?: number;
  readonly cap?: number;
}

/**
 * Slots that are busy all the time with tasks of users that never run out.
 *
 * @returns how many slots each has had on average
 */
function slotsOf(
  users: readonly CappedUser[],
  slots: number,
  starts: number,
  duration: () => number,
): number[] {
  const scheduler = new FairScheduler<ScheduledTask>((user) => users[Number(user)]!.weight ?? 1);
  for (const [i, { cap }] of users.entries()) {
    const lane = scheduler.lane(`${i}`);
    if (cap !== undefined) scheduler.setGate(lane, new TestGate(scheduler, lane, cap));
    fill(scheduler, `${i}`, 2);
  }
  const busy = users.map(() => 0);
  const running: { readonly end: number; readonly task: ScheduledTask }[] = [];
  let now = 0;
  for (let started = 0; started < starts; ) {
    const task = running.length < slots ? scheduler.next() : undefined;
    if (task === undefined) {
      if (running.length < slots && scheduler.startable > 0)
        throw new Error('a slot is free, and a task may start');
      let first = 0;
      for (let i = 1; i < running.length; i++) if (running[i]!.end < running[first]!.end) first = i;
      const [ended] = running.splice(first, 1);
      now = ended!.end;
      scheduler.gateOf(ended!.task.lane)?.ended();
      continue;
    }
    const ms = duration();
    started++;
    busy[Number(task.lane.user)]! += ms;
    running.push({ end: now + ms, task });
    scheduler.push(task.lane, task);
  }
  return busy.map((ms) => ms / now);
}

/** Who is capped below its part has its cap; the others share the rest by weight. */
function waterFilled(users: readonly CappedUser[], slots: number): number[] {
  const full = new Set<number>();
  for (;;) {
    let left = slots;
    let weights = 0;
    for (const [i, { cap, weight = 1 }] of users.entries()) {
      if (full.has(i)) left -= cap!;
      else weights += weight;
    }
    const due = ({ weight = 1 }: CappedUser) => (left * weight) / weights;
    const over = users.findIndex((user, i) => !full.has(i) && (user.cap ?? slots) < due(user));
    if (over === -1) return users.map((user, i) => (full.has(i) ? user.cap! : due(user)));
    full.add(over);
  }
}

const times = (count: number, user: CappedUser) => new Array<CappedUser>(count).fill(user);
const cases: [string, CappedUser[], number][] = [
  ['one far below its part', [{ cap: 1 }, ...times(3, {})], 16],
  ['one at its part', [{ cap: 4 }, ...times(3, {})], 16],
  ['one above its part', [{ cap: 5 }, ...times(3, {})], 16],
  [
    'three, with weights',
    [{ weight: 1, cap: 1 }, { weight: 2, cap: 2 }, { weight: 4, cap: 4 }, { weight: 8 }],
    20,
  ],
  ['all, and slots stay free', times(3, { cap: 2 }), 16],
];

describe('users with caps get what is due to them', () => {
  it.each(cases)('%s, where all tasks take as long', (_, users, slots) => {
    expectShares(users, slots, () => 1, 0.02);
  });

  it.each(cases)('%s, where some take three times as long as others', (_, users, slots) => {
    const random = seededRandom(1);
    expectShares(users, slots, () => 0.5 + random(), 0.02);
  });

  it.each(cases)('%s, where their times are all over the place', (_, users, slots) => {
    const random = seededRandom(2);
    expectShares(users, slots, () => -Math.log(1 - random()), 0.04);
  });
});

function expectShares(
  users: readonly CappedUser[],
  slots: number,
  duration: () => number,
  within: number,
): void {
  const due = waterFilled(users, slots);
  for (const [i, had] of slotsOf(users, slots, 60_000, duration).entries()) {
    expect(Math.abs(had / due[i]! - 1), `user ${i} had ${had} slots, and ${due[i]} are due`).toBeLessThan(
      within,
    );
  }
}
