import { describe, expect, it } from 'vitest';
import { RunMeasures } from '../../../../src/core/measures/run-measures.js';
import type { TextStyle } from '../../../../src/render/parts/style.js';
import { textWidth } from '../../../../src/render/parts/text.js';
import { renderTimeline, timelineColumns } from '../../../../src/render/report/timeline-text.js';
import { unsafeIn, withoutColours } from '../../../support/hostile-names.js';
import { inBlocks, runRecord, taskEvent } from '../../../support/synthetic-run.js';

const STYLE: TextStyle = { columns: 80, color: false, unicode: true };
const HOSTILE = '\u001b[31m\u202eB';

function timelineOf(order: readonly string[], style: TextStyle) {
  const measures = new RunMeasures();
  const tasks: Record<string, number> = {};
  for (const [i, user] of order.entries()) {
    tasks[user] = (tasks[user] ?? 0) + 1;
    measures.add(taskEvent({ id: `${i}`, user, started: 1_000 * i, finished: 1_000 * i + 900 }));
  }
  measures.addRecord(runRecord(tasks));
  return measures.timeline(Object.keys(tasks).slice(0, 8), timelineColumns(style));
}

describe('a run over time', () => {
  it('shows that a user is not served while another is, and by how much it is behind', () => {
    const lines = renderTimeline(timelineOf(inBlocks({ A: 900, B: 100 }), STYLE), STYLE).split('\n');
    expect(lines[0]).toBe('Over time (999 ms; a column: 20 ms)');
    expect(lines[1]).toMatch(/^waiting {3}█+.*▁ +[\d,]+ at most$/u);
    expect(lines[2]).toMatch(/100 at most B$/);
    const [a, b] = lines.slice(-2);
    expect(a).toMatch(/^A {2}█+┃█+ +5\d\d of 4\d\d tasks$/u);
    expect(b).toMatch(/^B {2}─+┃ +0 of 100 tasks$/u);
  });

  it.each([40, 80, 200].flatMap((columns) => [true, false].map((unicode) => [columns, unicode] as const)))(
    'fits into %i columns, unicode %s, whatever users are called',
    (columns, unicode) => {
      const style = { columns, unicode, color: true };
      const order = inBlocks({ [HOSTILE]: 30, ['漢'.repeat(60)]: 20, [`tenant-${'x'.repeat(90)}`]: 50 });
      const text = renderTimeline(timelineOf(order, style), style);
      expect(unsafeIn(text)).toBeUndefined();
      for (const line of withoutColours(text).split('\n'))
        expect(textWidth(line)).toBeLessThanOrEqual(columns);
      if (!unicode) expect(withoutColours(text)).toMatch(/^[\x20-\x7e\n]*$/);
    },
  );

  it('says the same figures at every width', () => {
    const order = inBlocks({ A: 700, B: 200, C: 101 });
    const figures = [40, 80, 100, 160, 200, 333].map((columns) => {
      const style = { ...STYLE, columns };
      const text = renderTimeline(timelineOf(order, style), style);
      return text.match(/[\d,.]+ (of [\d,]+ tasks|at most)/g);
    });
    expect(figures[0]).toEqual([
      '1,000 at most',
      '200 at most',
      '500 of 200 tasks',
      '0 of 200 tasks',
      '0 of 101 tasks',
    ]);
    expect(new Set(figures.map((found) => JSON.stringify(found))).size).toBe(1);
  });

  it('has no bars for many users, and nothing for a single moment', () => {
    const many = Array.from({ length: 90 }, (_, i) => `user-${i % 9}`);
    expect(renderTimeline(timelineOf(many, STYLE), STYLE)).not.toContain('half time');
    expect(renderTimeline(timelineOf(['A'], STYLE), STYLE)).toBe('');
  });
});
