import { describe, expect, it } from 'vitest';
import type { TaskEvent } from '../../../../../src/core/events/task-event.js';
import type { WorkerReport } from '../../../../../src/core/reports/worker-report.js';
import {
  lostInAll,
  meanRates,
  p95SinceBegin,
  promotedBy,
  workRate,
} from '../../../../../src/run/bench/million/million-measures.js';

function started(user: string, ms: number): TaskEvent {
  return { user, started: ms * 1_000 } as TaskEvent;
}

function worker(report: Partial<WorkerReport>): WorkerReport {
  return {
    startUpSeconds: 0,
    seconds: 0,
    promotions: { users: 0, movedTasks: 0, demoted: 0 },
    ...report,
  } as WorkerReport;
}

describe('how long light users wait', () => {
  const events = [started('heavy-1', 5_000), started('light-1', 5_500), started('light-2', 6_000)];

  it('counts from the moment that the workers begin, before anybody starts', () => {
    const workerReports = [worker({ startUpSeconds: 0.5 }), worker({ startUpSeconds: 0.25 })];
    expect(p95SinceBegin({ events, workerReports }, (user) => user.startsWith('light'))).toBe(1_500);
  });

  it('is for ever where none of their tasks ran', () => {
    expect(p95SinceBegin({ events, workerReports: [] }, () => false)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('the rate of work', () => {
  it('has the start-up in it', () => {
    expect(workRate(1_000, [worker({ startUpSeconds: 1, seconds: 4 })])).toBe(200);
  });
});

describe('the rates of plain amqplib', () => {
  it('are those of both times together', () => {
    const slow = { publishPerSecond: 5_000, consumePerSecond: 10_000 };
    const fast = { publishPerSecond: 20_000, consumePerSecond: 40_000 };
    expect(meanRates(slow, fast)).toEqual({ publishPerSecond: 8_000, consumePerSecond: 16_000 });
  });
});

describe('promotions', () => {
  it('are those of all workers', () => {
    const of = (users: number, movedTasks: number) =>
      worker({ promotions: { users, movedTasks, demoted: 9 } });
    expect(promotedBy([of(1, 20), of(2, 300)])).toEqual({ users: 3, movedTasks: 320 });
  });
});

describe('what was lost', () => {
  it('is the sum of all that was played', () => {
    const reports = [
      { missing: 0, duplicates: 2 },
      { missing: 3, duplicates: 1 },
    ];
    expect(lostInAll(reports)).toEqual({ missing: 3, duplicates: 3 });
  });

  it('is unknown where one report cannot tell', () => {
    const reports = [
      { missing: null, duplicates: 0 },
      { missing: 1, duplicates: 0 },
    ];
    expect(lostInAll(reports).missing).toBeNull();
  });
});
