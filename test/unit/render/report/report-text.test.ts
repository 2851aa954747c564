import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RunMeasures } from '../../../../src/core/measures/run-measures.js';
import { safeText } from '../../../../src/render/parts/safe-text.js';
import { textWidth } from '../../../../src/render/parts/text.js';
import { renderReport } from '../../../../src/render/report/report-text.js';
import { hostileName, unsafeIn, withoutColours } from '../../../support/hostile-names.js';
import {
  EPOCH,
  inBlocks,
  roundRobin,
  runInOrder,
  runRecord,
  taskEvent,
} from '../../../support/synthetic-run.js';

const style = { columns: 80, color: false, unicode: true };

function rendered(measures: RunMeasures, run = 'run'): string {
  return renderReport(measures.report(run), measures.completionOrder(), style);
}

test('a report says what ran, whether all of it did, and who was behind', () => {
  const { report, order } = runInOrder(inBlocks({ A: 30_000, B: 500 }));
  const text = renderReport(report, order, style);
  expect(text).toContain(
    'Run run: 30,500 tasks of 2 users in 610 ms, 50,000/s, by 1 worker, from\n2023-11-14 22:13:20 to 22:13:20 UTC\n',
  );
  expect(text).toContain(
    'Nothing is missing: 30,500 tasks published.\nNo task failed, none completed twice.\n',
  );
  expect(text.replace(/\s+/g, ' ')).toContain('Furthest behind its share: B, by 500 tasks, 10 ms of work.');
  expect(text).toMatch(/^B +500 +30,001 +30,001 +30,500 /m);
});

test('what ran at once is shown where it is asked for, beside the cap', () => {
  const measures = new RunMeasures();
  measures.add(taskEvent({ id: '1', user: 'A', started: 0, finished: 10 }));
  measures.add(taskEvent({ id: '2', user: 'A', started: 5, finished: 10 }));
  measures.add(taskEvent({ id: '3', user: 'B', started: 5, finished: 10 }));
  const atOnce = { capOf: (user: string) => (user === 'A' ? 3 : undefined) };
  const text = renderReport(measures.report('run'), measures.completionOrder(), style, { atOnce });
  expect(text).toMatch(/^ +at once /m);
  expect(text).toMatch(/^A +2 +2 \(cap 3\) /m);
  expect(text).toMatch(/^B +1 +1 /m);
  expect(text.replaceAll('\n', ' ')).toContain('at once: of attempts that have ended');
  expect(rendered(measures)).not.toContain('at once');
});

test('what ran on without its permit is named, and no more of them than can be read', () => {
  const measures = new RunMeasures();
  measures.add(taskEvent({ id: 'other', user: 'A' }));
  const attempt = {
    user: 'A',
    run: 'run',
    attempt: 1,
    worker: 'w1',
    started: EPOCH,
    freeFrom: EPOCH + 500_000,
  };
  measures.addGivenUp({ ...attempt, id: '1', finished: EPOCH + 2_000_000 });
  expect(rendered(measures)).toContain(
    'OVERLAPS: 1 attempt ran on when its permit was lost, and others might have it.\n' +
      '- A, task 1 at w1: from 2023-11-14 22:13:20.500 to 22:13:22.000 UTC, 1.5 s\n',
  );
  for (let i = 2; i <= 8; i++) measures.addGivenUp({ ...attempt, id: String(i), finished: null });
  const text = rendered(measures);
  const flat = text.replace(/\s+/g, ' ');
  expect(text).toContain('- A, task 2 at w1: from 2023-11-14 22:13:20.500 UTC; its end is not known\n');
  expect(flat).toContain(
    'OVERLAPS: 8 attempts ran on when their permits were lost, and others might have them.',
  );
  expect(text).toContain('\n3 more are in --json.\n');
});

test('what operators changed during the run is told beside the fairness', () => {
  const measures = new RunMeasures();
  measures.add(taskEvent({ id: '1', user: 'A' }));
  const change = (revision: number) => ({
    revision,
    at: EPOCH,
    by: 'ops',
    what: `user A: weight ${revision}`,
  });
  const textWith = (count: number) =>
    renderReport(measures.report('run'), measures.completionOrder(), style, {
      policyChanges: Array.from({ length: count }, (_, i) => change(i + 1)),
    });
  expect(textWith(1)).toContain('\n- revision 1, 2023-11-14 22:13:20 UTC, by ops: user A: weight 1\n');
  expect(textWith(7)).toContain('\n2 more are in --json.\n');
  expect(textWith(0)).not.toContain('policy');
});

test('a missing task is loud', () => {
  const measures = new RunMeasures();
  measures.add(taskEvent({ id: '1', user: 'A' }));
  measures.addRecord(runRecord({ A: 3 }));
  expect(rendered(measures)).toContain('MISSING: 2 of 3 tasks published have not completed.');
  expect(rendered(measures)).toMatch(/^user +tasks +missing/m);
});

test('a run that no publisher has counted is not called complete', () => {
  const { report, order } = runInOrder(['A'], { published: false });
  const text = renderReport(report, order, style);
  expect(text).toContain('UNKNOWN whether tasks are missing: no publisher has said yet what it sent.');
  expect(text).not.toContain('Nothing is missing');
});

test('tasks without a run are no cause for alarm', () => {
  const measures = new RunMeasures();
  measures.add(taskEvent({ id: '1', user: 'A', run: '' }));
  expect(rendered(measures, '')).toMatch(/^Tasks without a run: 1 task of 1 user/);
  expect(rendered(measures, '')).not.toContain('UNKNOWN');
});

test('failures, repeats and tasks that nobody named are told', () => {
  const measures = new RunMeasures();
  measures.add(taskEvent({ id: '1', user: 'A', outcome: 'failed' }));
  measures.add(taskEvent({ id: '2', user: 'B' }));
  measures.add(taskEvent({ id: '2', user: 'B', started: 1 }));
  measures.addRecord(runRecord({ A: 1 }));
  expect(rendered(measures)).toContain('FAILED: 1 task, 1 completed again.');
  expect(rendered(measures).replaceAll('\n', ' ')).toContain('1 task completed that no publisher has named.');
});

test('a run that nothing has run of has no table and no picture', () => {
  expect(rendered(new RunMeasures()).split('\n')).toHaveLength(3);
});

test('at 40 columns less is shown and it is said what', () => {
  const { report, order } = runInOrder(roundRobin({ A: 300, B: 50 }));
  const text = renderReport(report, order, { ...style, columns: 40 });
  expect(text).toContain('(too narrow for: ');
});

const anyRun = fc
  .array(fc.tuple(hostileName, fc.integer({ min: 1, max: 30 })), { minLength: 1, maxLength: 16 })
  .map((load) => Object.fromEntries(load));

test('no line but a name is wider than the terminal and no name reaches it raw', () => {
  fc.assert(
    fc.property(
      anyRun,
      hostileName,
      fc.constantFrom(80, 200),
      fc.boolean(),
      fc.boolean(),
      (load, run, columns, unicode, color) => {
        const { report, order } = runInOrder(inBlocks(load));
        const text = renderReport({ ...report, run }, order, { columns, color, unicode });
        // What is typed again is never cut.
        const names = new Set([run, ...Object.keys(load)].map((name) => safeText(name, unicode)));
        for (const line of withoutColours(text).split('\n'))
          if (line.includes(' ') && !names.has(line)) expect(textWidth(line)).toBeLessThanOrEqual(columns);
        expect(unsafeIn(text)).toBeUndefined();
        if (!unicode) expect(withoutColours(text)).toMatch(/^[ -~\n]*$/);
      },
    ),
  );
});
