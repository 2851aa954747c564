import { expect, test } from 'vitest';
import { LatestRun } from '../../../../src/core/measures/latest-run.js';
import { runRecord, taskEvent } from '../../../support/synthetic-run.js';

let id = 0;
const event = (run: string, finished: number) =>
  taskEvent({ id: `${id++}`, user: 'A', run, started: finished, finished });

test('nothing has no latest run', () => {
  expect(new LatestRun().run).toBeUndefined();
  expect(new LatestRun().measures).toBeUndefined();
});

test('the run with the latest end is measured, though another was written after it', () => {
  const latest = new LatestRun();
  latest.add([event('a', 1), event('b', 9), event('b', 10), event('a', 2)]);
  latest.addRecord(runRecord({ A: 2 }, { run: 'b', finished: 3 }));
  expect(latest.run).toBe('b');
  expect(latest.measures?.report('b')).toMatchObject({ completed: 2, published: 2, missing: 0 });
});

test('a run that was let go and went on has no measures: half of it would be missing', () => {
  const latest = new LatestRun();
  for (const [at, run] of ['a', 'b', 'c', 'd', 'a'].entries()) latest.add([event(run, at)]);
  expect(latest.run).toBe('a');
  expect(latest.measures).toBeUndefined();
});
