import { expect, test } from 'vitest';
import { changesDuring, sharesOf } from '../../../src/commands/report/shares-of.js';
import { RunMeasures } from '../../../src/core/measures/run-measures.js';
import type { Limits, PolicyDocument } from '../../../src/core/policy/policy-document.js';
import { PolicyOverTime } from '../../../src/core/policy/policy-over-time.js';
import { Weights } from '../../../src/core/scheduling/weights.js';
import { EPOCH, roundRobin, taskEvent } from '../../support/synthetic-run.js';

const EPOCH_MS = EPOCH / 1_000;
const TASK_MS = 10;

/** @param afterTasks so many tasks of the run had run */
function revision(number: number, afterTasks: number, limits: Limits): PolicyDocument {
  const at = EPOCH_MS + afterTasks * TASK_MS;
  const rules = [{ of: 'user' as const, name: 'A', limits }];
  return {
    version: 1,
    revision: number,
    madeFrom: number - 1,
    at,
    by: 'ops',
    what: `change ${number}`,
    rules,
  };
}

const set = <T>(value: T) => ({ value, by: 'ops', at: 0 });

/** All tasks are there at the start, and run one by one. */
function reportOf(users: readonly string[], documents: readonly PolicyDocument[]) {
  const measures = new RunMeasures(sharesOf(new Weights([]), new PolicyOverTime(documents), undefined));
  for (const [i, user] of users.entries()) {
    const started = 1_000 * TASK_MS * i;
    measures.add(taskEvent({ id: `task-${i}`, user, started, finished: started + 1_000 }));
  }
  return measures.report('run');
}

const evenly = roundRobin({ A: 50, B: 50 });

test('a user whose weight was changed is held to each weight while it counted', () => {
  const then = Array.from({ length: 50 }, () => ['A', 'A', 'A', 'B']).flat();
  const users = [...evenly, ...then, ...Array(100).fill('B')] as string[];
  const weight = [revision(1, 100, { weight: set(3) })];
  expect(reportOf(users, weight).fairness.maxLagTasks).toBeLessThan(3);
  expect(reportOf(users, []).fairness).toMatchObject({ maxLagUser: 'B' });
  expect(reportOf(users, []).fairness.maxLagTasks).toBeGreaterThan(40);
});

test('a user that was paused was due nothing meanwhile', () => {
  const users = [...evenly, ...Array(60).fill('B'), ...roundRobin({ A: 40, B: 40 })] as string[];
  const pause = [revision(1, 100, { paused: set(true as const) }), revision(2, 160, {})];
  expect(reportOf(users, pause).fairness.maxLagTasks).toBeLessThan(2);
  expect(reportOf(users, []).fairness).toMatchObject({ maxLagUser: 'A' });
});

test('changes while the run went on are told, and no others', () => {
  const documents = [revision(1, -5, {}), revision(3, 70, {}), revision(2, 20, {}), revision(4, 1_000, {})];
  const changes = changesDuring(reportOf(evenly, documents), new PolicyOverTime(documents));
  expect(changes).toEqual([
    { revision: 2, at: EPOCH + 200_000, by: 'ops', what: 'change 2' },
    { revision: 3, at: EPOCH + 700_000, by: 'ops', what: 'change 3' },
  ]);
});
