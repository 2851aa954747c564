import { describe, expect, it } from 'vitest';
import { FairScheduler } from '../../../../src/core/scheduling/fair-scheduler.js';
import { type Judgement, Suspects } from '../../../../src/run/worker/crashes/suspects.js';
import type { DeliveredTask } from '../../../../src/run/worker/task/delivered-task.js';
import { capped } from '../../../support/test-gate.js';

function suspectsAt(clock: { at: number }) {
  const suspects = new Suspects(new FairScheduler<DeliveredTask>(), {
    now: () => clock.at,
    epochMicros: () => 0,
  });
  const lane = suspects.lane('A');
  const task = (id: string) => ({ id, lane, queue: { paused: false } }) as DeliveredTask;
  return { suspects, lane, task };
}

function judged(crashes: number | undefined, lastAgoMs = 0): Judgement | undefined {
  return crashes === undefined ? undefined : { crashes, lastAgoMs };
}

describe('suspects', () => {
  it('start when no other task is held, the fewest deaths first, and one at a time', () => {
    const { suspects, lane, task } = suspectsAt({ at: 0 });
    const deaths = new Map(
      [task('two'), task('one'), task('unknown'), task('none')].map((one, i) => [
        one,
        [2, 1, undefined, 0][i],
      ]),
    );
    for (const one of deaths.keys()) suspects.putBehind(one);
    suspects.push(lane, task('fresh'));
    const known = suspects.judge((one) => judged(deaths.get(one)));
    expect([...known].map(([crashes, tasks]) => [crashes, ...tasks.map(({ id }) => id)])).toEqual([
      [2, 'two'],
      [1, 'one'],
      [0, 'none'],
    ]);
    expect([...suspects.heldBack].map(({ id }) => id)).toEqual(['two', 'one', 'unknown']);
    expect(suspects.find('two')).toBe([...deaths.keys()][0]);
    expect(suspects.placeOf(suspects.find('two')!)).toEqual({
      forMs: 0,
      freshFirstMs: 30_000,
      ahead: 3,
      crashes: 2,
    });
    expect(suspects.placeOf(suspects.find('none')!)?.ahead).toBe(1);
    expect(suspects.next()?.id).toBe('fresh');
    expect(suspects.next()?.id).toBe('none');
    const first = suspects.next();
    expect(first?.id).toBe('one');
    expect(suspects.next()).toBeUndefined();
    suspects.ended(first!);
    expect(suspects.next()?.id).toBe('two');
    expect(suspects.waiting).toBe(1);
  });

  it('do not wait for ever where there is always another task', () => {
    const clock = { at: 0 };
    const { suspects, lane, task } = suspectsAt(clock);
    suspects.putBehind(task('suspect'));
    suspects.judge(() => judged(1));
    for (const id of ['1', '2', '3']) suspects.push(lane, task(id));
    expect(suspects.next()?.id).toBe('1');
    clock.at = 30_000;
    expect(suspects.next()?.id).toBe('suspect');
    expect(suspects.next()?.id).toBe('2');
  });

  it('do not begin to wait anew in each worker', () => {
    const { suspects, lane, task } = suspectsAt({ at: 40_000 });
    for (const id of ['old', 'new', 'innocent']) suspects.putBehind(task(id));
    const ago = new Map([
      ['old', judged(1, 30_000)],
      ['new', judged(1, 29_999)],
      ['innocent', judged(0, 30_000)],
    ]);
    suspects.judge(({ id }) => ago.get(id));
    suspects.push(lane, task('fresh'));
    expect([suspects.next()?.id, suspects.next()?.id, suspects.next()?.id]).toEqual([
      'old',
      'fresh',
      'innocent',
    ]);
  });

  it('go back to the broker with the others, and are dropped with their channel', () => {
    const { suspects, lane, task } = suspectsAt({ at: 0 });
    for (const id of ['1', '2']) suspects.putBehind(task(id));
    suspects.push(lane, task('fresh'));
    expect(suspects.takeBack(lane)?.id).toBe('fresh');
    expect(suspects.takeBack(lane)?.id).toBe('1');
    const starting = task('3');
    suspects.starting(starting);
    suspects.dropUnless(() => false);
    expect(suspects.waiting).toBe(0);
    expect(suspects.started(starting)).toBe(false);
  });

  it('pass the gate of their user as well, and wake the slots when their lane is let go', () => {
    let woken = 0;
    const suspects = new Suspects(
      new FairScheduler<DeliveredTask>(),
      { now: () => 0, epochMicros: () => 0 },
      () => woken++,
    );
    const gates = ['A', 'B'].map((user) => capped(suspects, user, user === 'A' ? 0 : 1));
    for (const id of ['A', 'B'])
      suspects.putBehind({ id, lane: suspects.lane(id), queue: { paused: false } } as DeliveredTask);
    suspects.judge(() => judged(0));
    woken = 0;
    expect(suspects.next()?.id).toBe('B');
    for (let i = 0; i < 3; i++) expect(suspects.next()).toBeUndefined();
    expect(gates.map(({ asked }) => asked)).toEqual([1, 1]);
    gates[0]!.cap = 1;
    suspects.letGo(suspects.lane('A'), true);
    expect(woken).toBe(1);
    expect(suspects.next()?.id).toBe('A');
    expect(suspects.waiting).toBe(0);
  });
});
