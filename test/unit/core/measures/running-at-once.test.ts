import { expect, test } from 'vitest';
import type { GivenUpAttempt } from '../../../../src/core/events/given-up.js';
import { RunMeasures } from '../../../../src/core/measures/run-measures.js';
import { runningAtOnce } from '../../../../src/core/measures/running-at-once.js';
import type { PartOfRun } from '../../../../src/core/values/window-of-time.js';
import { EPOCH, runRecord, taskEvent } from '../../../support/synthetic-run.js';

/** A user, and when each of its executions began and ended. */
type Row = readonly [user: number, started: number, finished: number];

function atOnce(rows: readonly Row[], users = 2) {
  const executions = {
    users: Uint32Array.from(rows, ([user]) => user),
    started: Float64Array.from(rows, ([, started]) => started),
    finished: Float64Array.from(rows, ([, , finished]) => finished),
  };
  const { mostOf, most } = runningAtOnce(executions, users);
  return { mostOf: [...mostOf], most };
}

/** By the definition: looks at every moment at which anything begins. */
function byLooking(rows: readonly Row[], users: number) {
  const at = (moment: number, of: readonly Row[]) => {
    const took = of.filter(([, started, finished]) => finished > started);
    const before = took.filter(([, started, finished]) => started < moment && finished > moment).length;
    const begun = took.filter(([, started]) => started === moment).length;
    const alone = of.some(([, started, finished]) => started === moment && finished <= started) ? 1 : 0;
    return Math.max(before + begun, before + alone);
  };
  const mostIn = (of: readonly Row[]) => Math.max(0, ...of.map(([, started]) => at(started, of)));
  const own = Array.from({ length: users }, (_, user) => mostIn(rows.filter(([one]) => one === user)));
  return { mostOf: own, most: mostIn(rows) };
}

test('what overlaps is counted, of each user and of all', () => {
  const rows: Row[] = [
    [0, 0, 10],
    [0, 5, 15],
    [0, 12, 20],
    [1, 4, 6],
    [1, 5, 7],
  ];
  expect(atOnce(rows)).toEqual({ mostOf: [2, 2], most: 4 });
});

test('one that begins when another ends, and one that takes no time, are not at once', () => {
  expect(
    atOnce(
      [
        [0, 0, 10],
        [0, 10, 20],
        [0, 20, 20],
        [0, 20, 20],
        [0, 20, 30],
      ],
      1,
    ).most,
  ).toBe(1);
  expect(
    atOnce(
      [
        [0, 0, 10],
        [0, 5, 5],
      ],
      1,
    ).most,
  ).toBe(2);
  expect(atOnce([[0, 7, 7]], 1).most).toBe(1);
  expect(atOnce([], 1)).toEqual({ mostOf: [0], most: 0 });
});

test('thousands of random loads have what looking at every moment finds', () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let round = 0; round < 2_000; round++) {
    const rows = Array.from({ length: random(14) }, (): Row => {
      const started = random(12);
      return [random(3), started, started + random(5)];
    });
    expect(atOnce(rows, 3), JSON.stringify(rows)).toEqual(byLooking(rows, 3));
  }
});

test('a million executions of ten thousand users are counted', () => {
  const size = 1_000_000;
  const started = Float64Array.from({ length: size }, (_, i) => i);
  const executions = {
    users: Uint32Array.from({ length: size }, (_, i) => i % 10_000),
    started,
    finished: started.map((at) => at + 25_000),
  };
  const { mostOf, most } = runningAtOnce(executions, 10_000);
  expect(new Set(mostOf)).toEqual(new Set([3]));
  expect(most).toBe(25_000);
});

function measured(part: PartOfRun = {}): RunMeasures {
  return new RunMeasures(() => 1, part);
}

test('an attempt that failed, and one that ran though its task was done, ran as well', () => {
  const measures = measured();
  measures.add(taskEvent({ id: '1', user: 'A', outcome: 'retrying', started: 0, finished: 100 }));
  measures.add(taskEvent({ id: '1', user: 'A', attempt: 2, started: 200, finished: 300 }));
  measures.add(taskEvent({ id: '2', user: 'A', started: 50, finished: 150 }));
  const again = taskEvent({ id: '2', user: 'A', worker: 'frozen', started: 90, finished: 500 });
  measures.add(again);
  measures.add(again);
  const { mostRunning, users } = measures.report('run');
  expect(mostRunning).toBe(3);
  expect(users.map((user) => user.mostRunning)).toEqual([3]);
});

test('a worker that writes the same completion again for want of a confirm ran it once', () => {
  const measures = measured();
  const event = taskEvent({ id: '1', user: 'A', started: 10, finished: 20 });
  measures.add(event);
  measures.add(event);
  expect(measures.report('run').mostRunning).toBe(1);
});

test('of a part of a run what ran in it is counted, whenever it began', () => {
  const part = { since: { at: EPOCH + 100 }, until: { at: EPOCH + 200 } };
  const measures = measured(part);
  measures.add(taskEvent({ id: 'before', user: 'A', started: 0, finished: 100 }));
  measures.add(taskEvent({ id: 'into', user: 'A', started: 50, finished: 150 }));
  measures.add(taskEvent({ id: 'in', user: 'A', started: 120, finished: 300 }));
  measures.add(taskEvent({ id: 'after', user: 'A', started: 200, finished: 300 }));
  expect(measures.report('run').mostRunning).toBe(2);
});

test('a user that only published has run nothing', () => {
  const measures = measured();
  measures.addRecord(runRecord({ A: 2 }));
  expect(measures.report('run').users).toMatchObject([{ user: 'A', mostRunning: 0 }]);
});

/** One that was given up, and ended then. */
function givenUp(id: string, started: number, freeFrom: number, finished: number | null): GivenUpAttempt {
  const own = { id, user: 'A', run: 'run', attempt: 1, worker: 'frozen' };
  const end = finished === null ? null : EPOCH + finished;
  return { ...own, started: EPOCH + started, freeFrom: EPOCH + freeFrom, finished: end };
}

test('an attempt that was given up ran until its handler ended, and is named where others might have its permit', () => {
  const measures = measured();
  measures.add(taskEvent({ id: '1', user: 'A', started: 200, finished: 300 }));
  measures.addGivenUp(givenUp('1', 0, 150, null));
  measures.addGivenUp(givenUp('1', 0, 150, 250));
  measures.addGivenUp(givenUp('1', 0, 150, 250)); // its confirm was lost
  measures.addGivenUp(givenUp('2', 0, 150, 100));
  const report = measures.report('run');
  expect(report).toMatchObject({ mostRunning: 2, completed: 1, duplicates: 0, overlapCount: 1 });
  expect(report.users).toMatchObject([{ user: 'A', tasks: 1, mostRunning: 2 }]);
  expect(report.overlaps).toEqual([
    { worker: 'frozen', task: '1', user: 'A', run: 'run', attempt: 1, from: EPOCH + 150, to: EPOCH + 250 },
  ]);
});

test('an attempt that was given up and of which no end is known runs on', () => {
  const measures = measured();
  measures.addGivenUp(givenUp('1', 0, 150, null));
  measures.add(taskEvent({ id: '1', user: 'A', started: 900, finished: 1_000 }));
  expect(measures.report('run')).toMatchObject({ mostRunning: 2, overlaps: [{ task: '1', to: null }] });
});

test('of a part of a run the overlaps in it are named', () => {
  const part = { since: { at: EPOCH + 100 }, until: { at: EPOCH + 200 } };
  const measures = measured(part);
  measures.addGivenUp(givenUp('before', 0, 50, 90));
  measures.addGivenUp(givenUp('in', 0, 50, 110));
  measures.addGivenUp(givenUp('after', 150, 210, 250));
  const report = measures.report('run');
  expect(report.overlaps.map(({ task }) => task)).toEqual(['in']);
  expect(report.mostRunning).toBe(1);
});
