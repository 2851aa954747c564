import { expect, test } from 'vitest';
import { RunCatalog } from '../../../../src/core/events/run-catalog.js';
import { runRecord, taskEvent } from '../../../support/synthetic-run.js';

test('the run with the latest activity comes first, and tasks without a run are one of them', () => {
  const catalog = new RunCatalog();
  catalog.add(taskEvent({ id: '1', user: 'A', run: 'old', started: 10, finished: 900 }));
  catalog.add(taskEvent({ id: '2', user: 'A', run: '', started: 20, finished: 950 }));
  catalog.add(taskEvent({ id: '3', user: 'A', run: 'new', started: 5, finished: 30 }));
  catalog.addRecord(runRecord({ A: 1, B: 4 }, { run: 'new', started: 1, finished: 999 }));
  expect(catalog.list().map(({ run }) => run)).toEqual(['new', '', 'old']);
  expect(catalog.list()[0]).toMatchObject({ users: 2, completed: 1, published: 5 });
  expect(catalog.list()[2]).toMatchObject({ users: 1, completed: 1, published: null });
});

test('a repeated event or record counts once', () => {
  const catalog = new RunCatalog();
  for (let i = 0; i < 2; i++) {
    catalog.add(taskEvent({ id: '1', user: 'A' }));
    catalog.addRecord(runRecord({ A: 2 }));
  }
  expect(catalog.list()).toMatchObject([{ completed: 1, published: 2 }]);
});

test('a run lasts from the first task sent to the last activity', () => {
  const catalog = new RunCatalog();
  catalog.add(taskEvent({ id: '1', user: 'A', enqueued: 40, started: 90, finished: 100 }));
  catalog.add(taskEvent({ id: '2', user: 'A', enqueued: 50, started: 60, finished: 70 }));
  const [run] = catalog.list();
  expect(run!.lastTime - run!.firstTime).toBe(60);
});
