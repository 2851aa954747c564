import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RunMeasures } from '../../../../src/core/measures/run-measures.js';
import { BY_USER, byMap, byPrefix } from '../../../../src/core/queues/grouping.js';
import { renderGroups } from '../../../../src/render/report/groups-text.js';
import { hostileName, unsafeIn } from '../../../support/hostile-names.js';
import { inBlocks, roundRobin, runRecord, taskEvent } from '../../../support/synthetic-run.js';

/** One worker runs these one by one; all are there at the start. */
function measuresOf(users: readonly string[], published: Readonly<Record<string, number>> = {}): RunMeasures {
  const measures = new RunMeasures();
  for (const [i, user] of users.entries()) {
    measures.add(taskEvent({ id: `task-${i}`, user, started: 20 * i, finished: 20 * i + 20 }));
  }
  measures.addRecord(runRecord(published));
  return measures;
}

/** A group takes turns with B, and its own tasks come in blocks: all of a1's, then a2's. */
const LOAD = { a1: 60, a2: 60, B: 120 };
const inGroup = inBlocks({ a1: 60, a2: 60 });
const turns = roundRobin({ group: 120, B: 120 }).map((who) => (who === 'B' ? 'B' : (inGroup.shift() ?? '')));

test('groups that take turns are fair to each other, though their users are not', () => {
  const measures = measuresOf(turns, LOAD);
  const report = measures.groupReport(byPrefix(1));
  expect(report).toMatchObject({ groupBy: 'prefix:1', jainAtHalf: 1 });
  expect(report.maxLagTasks).toBeLessThan(1);
  expect(report.groups).toMatchObject([
    { group: 'prefix:1:B', users: 1, tasks: 120, missing: 0, inside: null },
    { group: 'prefix:1:a', users: 2, tasks: 120, missing: 0 },
  ]);
  // When a2 has its first, a1 has had 60 where each was due 30.
  expect(report.groups[1]?.inside).toEqual({ jainAtHalf: 0.5, maxLagTasks: 30, maxLagUser: 'a2' });
  expect(measures.report('run').fairness.jainAtHalf).toBeLessThan(0.9);
});

test('what is missing of users is missing of their group', () => {
  const measures = measuresOf(['a1', 'B'], { a1: 2, a2: 3, B: 1 });
  const { groups } = measures.groupReport(byPrefix(1));
  expect(groups.map(({ missing }) => missing)).toEqual([0, 4]);
});

test('a user in no group counts as one, and is not mixed up with a group of that name', () => {
  const grouping = byMap('file', new Map([['gold', ['A', 'B']]]));
  const { groups } = measuresOf(['A', 'B', 'map:gold']).groupReport(grouping);
  expect(groups.map(({ group, users }) => [group, users])).toEqual([
    ['map:gold', 2],
    ['map:gold', 1],
  ]);
});

test('with a queue for each user the groups are the users', () => {
  const measures = measuresOf(turns, LOAD);
  const { groups, jainAtHalf } = measures.groupReport(BY_USER);
  const { users, fairness } = measures.report('run');
  expect(groups.map(({ group, maxLagTasks }) => [group, maxLagTasks])).toEqual(
    users.map(({ user, maxLagTasks }) => [user, maxLagTasks]),
  );
  expect(jainAtHalf).toBe(fairness.jainAtHalf);
});

test('the worst group inside comes first, and the rest are counted', () => {
  const many = Array.from({ length: 30 }, (_, i) => String.fromCodePoint(0x4e00 + i)).flatMap((letter) => [
    `${letter}1`,
    `${letter}2`,
  ]);
  const style = { columns: 80, color: false, unicode: true };
  const text = renderGroups(
    measuresOf([...many, ...inBlocks({ a1: 9, a2: 9 })]).groupReport(byPrefix(1)),
    style,
  );
  expect(text).toMatch(/whose\n.*lag *\nprefix:1:a +2 +18 /);
  expect(text).toContain('11 more are not shown');
});

test('groups do nothing to a terminal, whatever they are called', () => {
  fc.assert(
    fc.property(
      fc.array(hostileName, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 20, max: 200 }),
      (users, columns) => {
        const text = renderGroups(measuresOf(users).groupReport(byPrefix(2)), {
          columns,
          color: false,
          unicode: true,
        });
        expect(unsafeIn(text)).toBeUndefined();
      },
    ),
    { numRuns: 50 },
  );
});
