import { describe, expect, it } from 'vitest';
import { FORMULAS } from '../../../../src/core/plan/formulas.js';
import { measuredBefore, SOURCES_BEFORE } from '../../../../src/core/plan/measured-before.js';
import { readPage } from '../../../support/markdown.js';

/** The cells of the rows of a section that match. */
function rowsOf(section: string, row: RegExp): string[][] {
  const [, text = ''] = readPage('docs/benchmarks.md').split(`\n## ${section}\n`);
  const lines = text
    .split('\n## ')[0]!
    .split('\n')
    .filter((line) => row.test(line));
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const numberIn = (cell: string) => Number(cell.replaceAll(/[^\d.]/g, ''));

describe('what was measured before', () => {
  it('is what docs/benchmarks.md says that queues cost', () => {
    const written = rowsOf('What queues cost', /^\| \d/).map((cells) => {
      const [queues = '', type = ''] = cells[1]!.split(' ');
      const kib = (cell: string) => (cell === '' ? undefined : numberIn(cell) * 1_024);
      return {
        version: cells[0],
        type,
        queues: numberIn(queues),
        idleBytes: kib(cells[2]!),
        consumerBytes: kib(cells[4]!),
        cpuAtRest: numberIn(cells[5]!) / 100,
        makePerSecond: numberIn(cells[6]!),
        tasksPerSecond: numberIn(cells[13]!),
      };
    });
    expect(written).toHaveLength(11);
    const facts = [...measuredBefore('classic'), ...measuredBefore('quorum')];
    for (const { version, type, queues, ...values } of written) {
      const known = facts.filter(
        (fact) =>
          fact.source === 'bench-cost' &&
          fact.version === version &&
          fact.type === type &&
          fact.queues === queues,
      );
      const said = Object.entries(values).filter(([, value]) => value !== undefined);
      expect(Object.fromEntries(known.map(({ of, value }) => [of, value]))).toEqual(Object.fromEntries(said));
    }
  });

  it('is what docs/benchmarks.md says of many users on few queues', () => {
    const written = rowsOf('Many users on few queues', /to users who have one/).flatMap((cells) => [
      [10_000, numberIn(cells[1]!)],
      [64, numberIn(cells[2]!)],
    ]);
    const facts = measuredBefore('classic').filter(({ source }) => source === 'many-users');
    expect(facts.map(({ queues, value }) => [queues, value]).sort()).toEqual(written.sort());
    expect(new Set(facts.map(({ of, version }) => `${of} ${version}`))).toEqual(
      new Set(['publishPerSecond 3.10']),
    );
  });

  it('names sections that are there, with their date', () => {
    const text = readPage('docs/benchmarks.md');
    for (const { page, date } of SOURCES_BEFORE) {
      const anchor = page!.split('#')[1]!.replaceAll('-', ' ');
      const section = text.split('\n## ').find((part) => part.toLowerCase().startsWith(`${anchor}\n`));
      const [year, , day] = date.split('-');
      expect(section, page).toContain(`${day} November ${year}`);
    }
  });

  it('of one version is of that alone', () => {
    expect(new Set(measuredBefore('quorum', '4.3').map(({ version }) => version))).toEqual(new Set(['4.3']));
    expect(measuredBefore('classic', '2.0')).toEqual([]);
  });
});

describe('a formula', () => {
  it.each(Object.entries(FORMULAS))('%s is in docs/plan.md, word for word', (name, formula) => {
    expect(readPage('docs/plan.md').replaceAll(/\s+/g, ' ')).toContain(`| \`${name}\` | ${formula} |`);
  });
});
