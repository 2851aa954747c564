import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderComparison, renderLanes } from '../../../../src/render/lanes/lanes.js';
import { textWidth } from '../../../../src/render/parts/text.js';
import { hostileName, unsafeIn, withoutColours } from '../../../support/hostile-names.js';
import { inBlocks, roundRobin, runInOrder } from '../../../support/synthetic-run.js';

const style = { columns: 80, color: false, unicode: true };
const SEED = { A: 30_000, B: 500 };
const fifo = runInOrder(inBlocks(SEED)).order;
const fair = runInOrder(roundRobin(SEED)).order;

test('behind one queue the lane of B waits until the very end', () => {
  expect(renderLanes(fifo, style)).toBe(
    [
      '30,500 tasks in the order of completion (a column: about 442 tasks)',
      'A  ███████████████████████████████████████████████████████████████████▇◂ 30,000',
      'B  ···································································▁█◂ 30,500',
      '   ┬──────────┬──────────┬──────────┬───────────┬──────────┬───────────┬',
      '   1          5,000      10,000     15,000      20,000     25,000      30,500',
      '█ every task here   ▄ half of them   · its tasks come later   ◂ its last task',
    ].join('\n'),
  );
});

test('with fair queues the lane of B ends at once, and a second strip shows how', () => {
  const lines = renderLanes(fair, style).split('\n');
  expect(lines.slice(1, 3)).toEqual([
    'A  ▄▄▇██████████████████████████████████████████████████████████████████◂ 30,500',
    'B  ▄▄▁◂ 1,000',
  ]);
  expect(lines.slice(6, 10)).toEqual([
    'The first 2,000 of them (a column: about 29 tasks)',
    'A  ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▆██████████████████████████████████▸ 30,500',
    'B  ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▂◂ 1,000',
    '   ┬────────────────┬────────────────┬────────────────┬────────────────┬',
  ]);
});

test('strategies stand on one axis, so that the ends of B can be compared', () => {
  const picture = renderComparison(
    [
      { label: 'fifo', order: fifo },
      { label: 'fair', order: fair },
    ],
    style,
  );
  const lanes = picture.split('\n').slice(1, 5);
  expect(lanes.map((line) => line.slice(0, 8))).toEqual(['fifo  A ', '      B ', 'fair  A ', '      B ']);
  expect(lanes.map((line) => line.search(/◂/))).toEqual([71, 72, 72, 12]);
  expect(picture.match(/30,500 tasks in the order/g)).toHaveLength(1);
});

test('without unicode the picture is ASCII only', () => {
  const picture = renderLanes(fair, { ...style, unicode: false });
  expect(picture).toMatch(/^[ -~\n]*$/);
  expect(picture).toContain('B  ++:< 1,000');
});

test('a few tasks are drawn wide enough to be counted', () => {
  const lines = renderLanes(runInOrder([...'ABCABC']).order, style).split('\n');
  expect(lines.slice(1, 5)).toEqual([
    'A  ████········████◂ 4',
    'B  ····████········████◂ 5',
    'C  ········████········████◂ 6',
    '   ┬───┬───┬───┬───┬───┬───',
  ]);
});

test('a single task among many leaves a mark', () => {
  const { order } = runInOrder(inBlocks({ A: 5000, B: 1, C: 5000 }));
  expect(renderLanes(order, style)).toMatch(/^B {2}·+▁◂ 5,001$/m);
});

test('a run without completions has no picture, and a user without one an empty lane', () => {
  expect(renderLanes({ users: [], order: new Uint32Array() }, style)).toBe('No task has completed yet.');
  const { users, order } = runInOrder(['A', 'A']).order;
  expect(renderLanes({ users: [...users, 'B'], order }, style)).toContain('B  (none completed)');
});

test('of many users twelve are shown and the others counted', () => {
  const load = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`tenant-${i}`, 4]));
  const lines = renderLanes(runInOrder(inBlocks(load)).order, style).split('\n');
  expect(lines.filter((line) => /^tenant-\d+ /.test(line))).toHaveLength(12);
  expect(lines[1]).toMatch(/^tenant-999 .*◂ 4,000$/);
  expect(lines[7]).toBe('… 988 more users');
  expect(lines[13]).toMatch(/^tenant-0 .*◂ 4$/);
});

test('colours change nothing but the colour', () => {
  const coloured = renderLanes(fair, { ...style, color: true });
  const [cyan, yellow] = ['\u001b[36m', '\u001b[33m'];
  expect(coloured).toContain(`A  ${cyan}▄`);
  expect(coloured).toContain(`B  ${yellow}▄`);
  expect(withoutColours(coloured)).toBe(renderLanes(fair, style));
});

const anyRun = fc
  .array(fc.tuple(hostileName, fc.integer({ min: 1, max: 30 })), { minLength: 1, maxLength: 16 })
  .chain((load) => fc.shuffledSubarray(inBlocks(Object.fromEntries(load)), { minLength: 1 }));

test('no line is wider than the terminal and no name reaches it raw', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(hostileName, anyRun), { minLength: 1, maxLength: 4 }),
      fc.constantFrom(40, 80, 200),
      fc.boolean(),
      (runs, columns, unicode) => {
        const groups = runs.map(([label, users]) => ({ label, order: runInOrder(users).order }));
        const picture = renderComparison(groups, { columns, color: false, unicode });
        for (const line of picture.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(columns);
        expect(unsafeIn(picture)).toBeUndefined();
        if (!unicode) expect(picture).toMatch(/^[ -~\n]*$/);
      },
    ),
  );
});

test('in every column the shares of all users fill it', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('A', 'B'), { minLength: 200, maxLength: 900 }), (users) => {
      const lines = renderLanes(runInOrder(users).order, style).split('\n').slice(1);
      const level = (line: string | undefined, column: number): number =>
        Math.max(0, ' ▁▂▃▄▅▆▇█'.indexOf(line?.[column] ?? ' '));
      const [a, b] = [
        lines.find((line) => line.startsWith('A  ')),
        lines.find((line) => line.startsWith('B  ')),
      ];
      const columns = lines.find((line) => line.startsWith('   ┬'))!.length;
      for (let column = 3; column < columns; column++) {
        // Rounded to eighths, and up where it would be none.
        expect(Math.abs(level(a, column) + level(b, column) - 8)).toBeLessThanOrEqual(1);
      }
    }),
  );
});
