import { expect, it } from 'vitest';
import { tasksHere } from '../../../../../src/run/worker/report/tasks-here.js';
import type { DeliveredTask } from '../../../../../src/run/worker/task/delivered-task.js';

const task = (user: string) =>
  ({ message: { properties: { headers: {} } }, lane: { user } }) as unknown as DeliveredTask;

it('tells apart what runs and what has ended, and counts both as at the worker', () => {
  const here = tasksHere({
    running: [task('A'), task('A')],
    ended: [task('A'), task('B')],
    prefetched: [task('B')],
    retrying: [],
  });
  expect(here).toEqual([
    { run: '', user: 'A', running: 3, ended: 1, prefetched: 0, retrying: 0 },
    { run: '', user: 'B', running: 1, ended: 1, prefetched: 1, retrying: 0 },
  ]);
});
