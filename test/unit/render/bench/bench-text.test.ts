import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BenchFigure } from '../../../../src/core/reports/bench-report.js';
import type { BenchResult } from '../../../../src/render/bench/bench-result.js';
import { renderBench } from '../../../../src/render/bench/bench-text.js';
import { textWidth } from '../../../../src/render/parts/text.js';
import { hostileName, unsafeIn, withoutColours } from '../../../support/hostile-names.js';
import { inBlocks, roundRobin, runInOrder } from '../../../support/synthetic-run.js';

const style = { columns: 80, color: false, unicode: true };
const SEED = { A: 30_000, B: 500 };

function result(strategy: string, users: readonly string[], more: Partial<BenchResult> = {}): BenchResult {
  return { strategy, workers: 1, concurrency: 10, ...runInOrder(users), ...more };
}

const fifo = result('fifo', inBlocks(SEED));
const fair = result('fair', roundRobin(SEED));

function moralOf(...results: BenchResult[]): string {
  return renderBench(results, [], style).split('\n\n').at(-1)!.replaceAll('\n', ' ');
}

test('the moral of the seed story is one sentence', () => {
  expect(moralOf(fifo, fair)).toBe(
    "With one queue B's last task was number 30,500; with fair queues it was number 1,000.",
  );
});

test('the moral holds for any strategies that were run', () => {
  expect(moralOf(fair)).toBe("With fair queues B's last task was number 1,000.");
  expect(moralOf({ ...fifo, strategy: 'arrival' }, fair)).toBe(
    "With a queue per user in the order of arrival B's last task was number 30,500; with fair queues it was number 1,000.",
  );
  expect(moralOf(result('fifo', inBlocks({ A: 300 })), result('fair', roundRobin({ A: 300, B: 5 })))).toBe(
    "With one queue B's last task was never done; with fair queues it was number 10.",
  );
});

test('one strategy with several numbers of workers is told apart', () => {
  const text = renderBench([fair, { ...fair, workers: 3 }], [], style);
  expect(text).toMatch(/fair 1x10 +fair 3x10/);
  expect(text.replaceAll('\n', ' ')).toContain(
    'with fair queues (workers x slots: 3 x 10) it was number 1,000.',
  );
});

test('where all users send alike the moral is about half time', () => {
  const load = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`user${i}`, 20]));
  expect(moralOf(result('fifo', inBlocks(load)), result('fair', roundRobin(load)))).toBe(
    'With one queue the least served user had 0 tasks done at half time and the most served 20; with fair queues 10 and 10.',
  );
});

test('one user alone has no moral', () => {
  expect(renderBench([result('fair', inBlocks({ A: 5 }))], [], style)).not.toContain('With fair queues');
});

test('figures stand side by side', () => {
  const text = renderBench([fifo, fair], [], style);
  expect(text).toMatch(/^ +fifo +fair$/m);
  expect(text).toMatch(/^B's last task is number +30,500 +1,000$/m);
  expect(text).toMatch(/^largest lag, tasks +500 +0\.5$/m);
  expect(text).toMatch(/^Jain's index at half time +0\.500 +1\.000$/m);
  expect(text).toMatch(/^missing +0 +0$/m);
});

test('results that do not fit side by side go below', () => {
  const results = ['a', 'b', 'c', 'd', 'e'].map((strategy) => ({ ...fair, strategy }));
  const text = renderBench(results, [], style);
  expect(text.match(/^workers x slots/gm)).toHaveLength(2);
});

test('a missing task is loud', () => {
  const missing = { ...fair, report: { ...fair.report, published: 30_507, missing: 7 } };
  const text = renderBench([fifo, missing], [], style);
  expect(text).toContain('fair: MISSING: 7 of 30,507 tasks published have not completed.');
  expect(renderBench([fifo, fair], [], style)).not.toContain('MISSING');
});

test('checks have the unit of their figure, unless rounding would hide what failed', () => {
  const check = (value: number) =>
    ({ name: 'dwell', value, limit: 35, unit: 'ms', passed: false, over: 'worst', rounds: 1 }) as const;
  expect(renderBench([fair], [check(7.8)], style)).toContain('dwell: 7.8 ms (limit 35 ms)');
  expect(renderBench([fair], [check(35.004)], style)).toContain('dwell: 35.004 (limit 35)');
});

test('checks say of how many rounds they are, and whether of the worst or the median', () => {
  const check = { name: 'speed', value: 0.9, limit: 0.8, passed: true, rounds: 5 } as const;
  const text = renderBench(
    [fair],
    [
      { ...check, over: 'median', worst: 0.5, unit: 'share' },
      { ...check, over: 'worst' },
    ],
    style,
  );
  expect(text).toContain('✓ speed: 0.9 (limit 0.8; the median of 5 rounds, the worst is 0.5)');
  expect(text).toContain('✓ speed: 0.9 (limit 0.8; the worst of 5 rounds)');
});

test('which round the table is of, and what is not judged, is said', () => {
  const figure: BenchFigure = {
    name: "speed against fifo's",
    unit: 'share',
    values: { fifo: 1, fair: 0.5 },
    atLeast: 0.8,
    promisedBy: ['fair'],
    over: 'median',
    rounds: 2,
    unjudged: 'it takes 3 rounds or more',
  };
  const matter = { figures: [figure], hasMoral: true, thresholds: [] };
  const text = renderBench([fifo, fair], [], style, matter).replaceAll('\n', ' ');
  expect(text).toContain("Table and picture are of each strategy's round of median speed, of 2.");
  const other = renderBench([fifo, fair], [], style, { ...matter, hasMoral: false }).replaceAll('\n', ' ');
  expect(other).toContain(
    'A row with a promise shows the worst of the rounds, or the median where its check says so.',
  );
  expect(text).toContain("Not judged: speed against fifo's. It takes 3 rounds or more.");
});

test('checks are marked, and in words where there is no unicode', () => {
  const once = { over: 'worst', rounds: 1 } as const;
  const checks = [
    { name: "B's last task", value: 1000, limit: 1050, passed: true, ...once },
    { name: 'starts', value: 'A A A', limit: 'A B C', passed: false, ...once },
  ];
  expect(renderBench([fair], checks, style)).toContain(
    "✓ B's last task: 1,000 (limit 1,050)\n✗ starts: A A A (limit A B C)",
  );
  expect(renderBench([fair], checks, { ...style, unicode: false })).toContain(
    "ok     B's last task: 1,000 (limit 1,050)\nFAILED starts: A A A (limit A B C)",
  );
});

test('starts are printed in threes', () => {
  const starts = [...'ABCABCABC'];
  const text = renderBench([result('fair', starts, { starts })], [], style);
  expect(text).toContain('Starts with fair, in order\nA B C   A B C   A B C\n');
});

test('of many starts the first are shown and the rest is counted', () => {
  const starts = Array.from({ length: 1000 }, (_, i) => 'ABC'[i % 3]!);
  expect(renderBench([result('fair', starts, { starts })], [], style)).toContain('… and 910 more');
});

const anyLoad = fc
  .array(fc.tuple(hostileName, fc.integer({ min: 1, max: 30 })), { minLength: 1, maxLength: 8 })
  .map((load) => Object.fromEntries(load));

test('no line but a name is wider than the terminal and no name reaches it raw', () => {
  fc.assert(
    fc.property(
      anyLoad,
      fc.array(hostileName, { minLength: 1, maxLength: 6 }),
      fc.constantFrom(80, 200),
      fc.boolean(),
      fc.boolean(),
      (load, strategies, columns, unicode, color) => {
        const starts = roundRobin(load);
        const results = strategies.map((strategy) => result(strategy, starts, { starts }));
        const once = { over: 'worst', rounds: 1 } as const;
        const checks = strategies.map((name) => ({
          name,
          value: name,
          limit: 1.23456,
          passed: false,
          ...once,
        }));
        const text = renderBench(results, checks, { columns, color, unicode });
        // A name is one word, which is never cut, and may have a mark before it.
        for (const line of withoutColours(text).split('\n'))
          if (!/^ *(\S+ +)?\S+$/.test(line)) expect(textWidth(line)).toBeLessThanOrEqual(columns);
        expect(unsafeIn(text)).toBeUndefined();
        if (!unicode) expect(withoutColours(text)).toMatch(/^[ -~\n]*$/);
      },
    ),
  );
});
