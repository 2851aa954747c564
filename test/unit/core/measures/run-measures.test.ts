import { expect, test } from 'vitest';
import { RunMeasures } from '../../../../src/core/measures/run-measures.js';
import { inBlocks, roundRobin, runInOrder, runRecord, taskEvent } from '../../../support/synthetic-run.js';

test('a run without events is empty and finite', () => {
  const report = new RunMeasures().report('none');
  expect(report).toEqual({
    run: 'none',
    runs: [],
    beganAt: null,
    endedAt: null,
    seconds: 0,
    tasksPerSecond: 0,
    published: null,
    completed: 0,
    failed: 0,
    retries: 0,
    outstanding: null,
    waiting: null,
    running: null,
    retrying: null,
    unknown: null,
    missing: null,
    duplicates: 0,
    overlaps: [],
    overlapCount: 0,
    mostRunning: 0,
    window: null,
    historyCutAt: null,
    workerNames: [],
    userCount: 0,
    users: [],
    dwellMs: null,
    sending: null,
    fairness: { jainAtHalf: 1, maxLagTasks: 0, maxLagMs: 0, maxLagUser: null, maxLagAtSeconds: null },
  });
});

test('with one queue B is done last of all, with a round robin after twice its tasks', () => {
  const load = { A: 30_000, B: 500 };
  const fifo = runInOrder(inBlocks(load)).report;
  const fair = runInOrder(roundRobin(load)).report;
  expect(fifo.users[1]).toMatchObject({
    user: 'B',
    firstStartPosition: 30_001,
    lastCompletionPosition: 30_500,
  });
  expect(fair.users[1]).toMatchObject({ user: 'B', firstStartPosition: 2, lastCompletionPosition: 1000 });
  // 500 tasks at 20 µs each.
  expect(fifo.fairness).toEqual({
    jainAtHalf: 0.5,
    maxLagTasks: 500,
    maxLagMs: 10,
    maxLagUser: 'B',
    maxLagAtSeconds: 0.6,
  });
  expect(fifo.users.map(({ maxLagTasks }) => maxLagTasks)).toEqual([0, 500]);
  expect(fair.fairness).toMatchObject({ jainAtHalf: 1, maxLagTasks: 0.5, maxLagMs: 0.01, maxLagUser: 'B' });
  expect(fifo).toMatchObject({ seconds: 0.61, tasksPerSecond: 50_000, completed: 30_500, missing: 0 });
});

test('ten tasks in service at once are no lag', () => {
  const measures = new RunMeasures();
  // Ten slots, started in turn; the tasks of B take longer, so that they end in another order.
  for (const [i, user] of roundRobin({ A: 200, B: 200 }).entries()) {
    const started = 10 * Math.floor(i / 10) + (i % 10) / 100;
    measures.add(taskEvent({ id: `${i}`, user, started, finished: started + (user === 'B' ? 9 : 1) }));
  }
  expect(measures.report('run').fairness.maxLagTasks).toBeLessThan(1);
});

test('starts count in the order of their time, completions in the order of the stream', () => {
  const measures = new RunMeasures();
  measures.add(taskEvent({ id: '1', user: 'A', started: 50 }));
  measures.add(taskEvent({ id: '2', user: 'B', started: 10 }));
  const [a, b] = measures.report('run').users;
  expect(a).toMatchObject({ firstStartPosition: 2, firstCompletionPosition: 1, lastCompletionPosition: 1 });
  expect(b).toMatchObject({ firstStartPosition: 1, firstCompletionPosition: 2, lastCompletionPosition: 2 });
});

test('a second execution is counted, and an event that is written again for want of a confirm is not', () => {
  const measures = new RunMeasures();
  const event = taskEvent({ id: '1', user: 'A', started: 10, finished: 20 });
  measures.add(event);
  measures.add(taskEvent({ id: '1', user: 'A', started: 5000, finished: 6000, worker: 'worker-2' }));
  measures.add(event);
  expect(measures.report('run')).toMatchObject({
    completed: 1,
    duplicates: 1,
    seconds: 0,
    workerNames: ['worker-1'],
  });
  expect([...measures.completionOrder().order]).toEqual([0]);
});

test('a task that failed and was tried again counts once, as what it came to', () => {
  const measures = new RunMeasures();
  measures.add(taskEvent({ id: '1', user: 'A', outcome: 'failed' }));
  measures.add(taskEvent({ id: '2', user: 'B' }));
  measures.add(taskEvent({ id: '1', user: 'A', attempt: 2 }));
  expect(measures.report('run')).toMatchObject({ completed: 2, failed: 0, duplicates: 0 });
  expect(measures.report('run').users[0]).toMatchObject({ user: 'A', tasks: 1, firstCompletionPosition: 2 });
});

test('the event of a failed attempt may come after that of the next', () => {
  const measures = new RunMeasures();
  measures.add(taskEvent({ id: '1', user: 'A', attempt: 2 }));
  measures.add(taskEvent({ id: '1', user: 'A', attempt: 1, outcome: 'failed' }));
  expect(measures.report('run')).toMatchObject({ completed: 1, failed: 0, duplicates: 0 });
});

test('a failed attempt is a retry, once, whenever its event comes', () => {
  const failed = (attempt: number) => taskEvent({ id: '1', user: 'A', attempt, outcome: 'retrying' });
  for (const order of [
    [1, 2, 3],
    [3, 1, 2],
    [2, 1, 3, 2, 1],
    [3, 2, 2, 1, 1],
    [1, 3, 2, 1],
  ]) {
    const measures = new RunMeasures();
    for (const attempt of order) {
      measures.add(attempt === 3 ? taskEvent({ id: '1', user: 'A', attempt: 3 }) : failed(attempt));
    }
    expect(measures.report('run'), String(order)).toMatchObject({ completed: 1, retries: 2, duplicates: 0 });
  }
});

test('a task that was done and is done again at a later attempt is a duplicate', () => {
  const measures = new RunMeasures();
  measures.add(taskEvent({ id: '1', user: 'A' }));
  measures.add(taskEvent({ id: '1', user: 'A', attempt: 2 }));
  expect(measures.report('run')).toMatchObject({ completed: 1, duplicates: 1 });
});

test('a task that failed for good is completed and failed', () => {
  const measures = new RunMeasures();
  measures.add(taskEvent({ id: '1', user: 'A', outcome: 'failed' }));
  measures.addRecord(runRecord({ A: 1 }));
  expect(measures.report('run')).toMatchObject({ completed: 1, failed: 1, missing: 0 });
});

test('missing is what was published and has not completed, user by user', () => {
  const measures = new RunMeasures();
  measures.add(taskEvent({ id: '1', user: 'A' }));
  measures.add(taskEvent({ id: '2', user: 'unnamed' }));
  measures.addRecord(runRecord({ A: 3, B: 2 }));
  const report = measures.report('run');
  expect(report).toMatchObject({ published: 5, completed: 2, missing: 4 });
  expect(report.users.map(({ user, tasks, missing }) => [user, tasks, missing])).toEqual([
    ['A', 1, 2],
    ['B', 0, 2],
    ['unnamed', 1, 0],
  ]);
  expect(report.users[1]).toMatchObject({
    firstStartPosition: null,
    lastCompletionPosition: null,
    dwellMs: null,
  });
});

test('nothing is known to be missing while no publisher has said what it sent', () => {
  const { report } = runInOrder(['A'], { published: false });
  expect(report).toMatchObject({ published: null, missing: null });
  expect(report.users[0]!.missing).toBeNull();
});

test('a record that comes again counts once, and two of different names add up', () => {
  const measures = new RunMeasures();
  measures.addRecord(runRecord({ A: 3 }, { record: 'one' }));
  measures.addRecord(runRecord({ A: 3 }, { record: 'one' }));
  measures.addRecord(runRecord({ A: 4 }, { record: 'two' }));
  expect(measures.report('run')).toMatchObject({ published: 7, missing: 7 });
});

test('a user whose tasks were sent and not served lags by its fair share', () => {
  const measures = new RunMeasures();
  for (let i = 0; i < 1000; i++) measures.add(taskEvent({ id: `${i}`, user: 'A', started: 100 + i }));
  measures.addRecord(runRecord({ A: 2000, B: 300 }, { finished: 50 }));
  expect(measures.report('run').fairness).toMatchObject({ maxLagTasks: 300, maxLagUser: 'B' });
});

test('dwell is never negative, whatever the clocks say', () => {
  const measures = new RunMeasures();
  measures.add(taskEvent({ id: '1', user: 'A', enqueued: 900, started: 100 }));
  measures.add(taskEvent({ id: '2', user: 'A', enqueued: 0, started: 1234 }));
  expect(measures.report('run').users[0]!.dwellMs).toEqual({ p50: 0, p95: 1.234, p99: 1.234, max: 1.234 });
});

test('a task that by its clocks started before it was sent is still there to be served', () => {
  const measures = new RunMeasures();
  for (const [i, user] of roundRobin({ A: 50, B: 50 }).entries()) {
    const enqueued = user === 'B' ? 1_000_000 : 0;
    measures.add(taskEvent({ id: `${i}`, user, enqueued, started: i, finished: i }));
  }
  // Without the tasks of B all service would be due to A.
  expect(measures.report('run').fairness.maxLagTasks).toBeLessThanOrEqual(1);
});

test('users and workers are listed as people count, and the order points into that list', () => {
  const measures = new RunMeasures();
  for (const [i, user] of ['user10', 'user2', 'user10'].entries()) {
    measures.add(taskEvent({ id: `${i}`, user, worker: `w${10 - i}`, started: i }));
  }
  measures.addRecord(runRecord({ user3: 1 }));
  const { users, order } = measures.completionOrder();
  expect(users).toEqual(['user2', 'user3', 'user10']);
  expect(users).toEqual(measures.report('run').users.map(({ user }) => user));
  expect([...order].map((i) => users[i])).toEqual(['user10', 'user2', 'user10']);
  expect(measures.report('run').workerNames).toEqual(['w8', 'w9', 'w10']);
});

test('figures are rounded to three decimals', () => {
  const measures = new RunMeasures((user) => (user === 'A' ? 0.3 : 0.7));
  for (const [i, user] of ['A', 'A', 'B', 'A', 'B', 'B', 'B'].entries()) {
    measures.add(taskEvent({ id: `${i}`, user, started: 7 * i, finished: 7 * i + 7 }));
  }
  const { seconds, tasksPerSecond, fairness } = measures.report('run');
  for (const value of [
    seconds,
    tasksPerSecond,
    fairness.jainAtHalf,
    fairness.maxLagTasks,
    fairness.maxLagMs,
  ]) {
    expect(Number(value.toFixed(3))).toBe(value);
    expect(Object.is(value, -0)).toBe(false);
  }
});

test('an attempt that is to be followed by another is neither completed nor failed', () => {
  const measures = new RunMeasures();
  measures.addRecord(runRecord({ A: 1 }));
  measures.add(taskEvent({ id: '1', user: 'A', outcome: 'retrying' }));
  expect(measures.report('run')).toMatchObject({ completed: 0, failed: 0, retries: 1, missing: 1 });
  measures.add(taskEvent({ id: '1', user: 'A', outcome: 'retrying', started: 7 }));
  expect(measures.report('run')).toMatchObject({ retries: 1, duplicates: 1 });
  measures.add(taskEvent({ id: '1', user: 'A', outcome: 'failed', attempt: 2 }));
  expect(measures.report('run')).toMatchObject({ completed: 1, failed: 1, retries: 1, missing: 0 });
  // The stream may have them in another order, and a dead letter may be sent back.
  measures.add(taskEvent({ id: '1', user: 'A', outcome: 'retrying' }));
  measures.add(taskEvent({ id: '1', user: 'A', outcome: 'done', attempt: 3 }));
  expect(measures.report('run')).toMatchObject({
    completed: 1,
    failed: 0,
    retries: 2,
    missing: 0,
    duplicates: 1,
  });
});

test('a run that is older than the event stream says since when its history is there', () => {
  const measures = new RunMeasures();
  const epoch = taskEvent({ id: '0', user: 'A' }).enqueued;
  measures.historyBegins(epoch + 50);
  measures.add(taskEvent({ id: '1', user: 'A', enqueued: 60 }));
  expect(measures.report('run').historyCutAt).toBeNull();
  measures.add(taskEvent({ id: '2', user: 'A', enqueued: 40 }));
  expect(measures.report('run').historyCutAt).toBe(epoch + 50);
});

test('a paced load that was sent late says so, and dwell still counts from when it was due', () => {
  const measures = new RunMeasures();
  for (let i = 0; i < 100; i++) {
    // Every tenth is sent 50 ms late and started 1 ms after that.
    const sentLate = i % 10 === 0 ? 50_000 : 3;
    measures.add(taskEvent({ id: `${i}`, user: 'A', sentLate, enqueued: 0, started: sentLate + 1_000 }));
  }
  const { sending, dwellMs } = measures.report('run');
  expect(sending).toMatchObject({ late: 10, senderWasLimit: true });
  expect(sending?.latenessMs).toMatchObject({ p50: 0.003, max: 50 });
  expect(sending?.dwellFromSentMs).toMatchObject({ p50: 1, max: 1 });
  expect(dwellMs).toMatchObject({ p50: 1.003, max: 51 });
});

test('two tasks with the same id are two tasks; what comes again of one is a repeat', () => {
  const measures = new RunMeasures();
  const twice = { id: 'order-7', user: 'A', run: 'run' };
  measures.add(taskEvent({ ...twice, sequence: 1 }));
  measures.add(taskEvent({ ...twice, sequence: 2, started: 5, outcome: 'retrying' }));
  measures.add(taskEvent({ ...twice, sequence: 2, started: 9, attempt: 2 }));
  measures.add(taskEvent({ ...twice, sequence: 2, started: 11, attempt: 2, redelivered: true }));
  measures.add(taskEvent({ ...twice, user: 'B', sequence: 1 }));
  measures.add(taskEvent({ ...twice, run: 'another', sequence: 1 }));
  measures.addRecord(runRecord({ A: 3, B: 1 }));
  expect(measures.report('run')).toMatchObject({ completed: 4, retries: 1, duplicates: 1, missing: 0 });
});
