import type { BenchCheck, BenchFigure } from '../../core/reports/bench-report.js';
import type { ThresholdResult } from '../../core/thresholds/threshold.js';
import { renderComparison } from '../lanes/lanes.js';
import { formatCount } from '../parts/numbers.js';
import { safeText } from '../parts/safe-text.js';
import { paint, type TextStyle } from '../parts/style.js';
import { renderTable } from '../parts/table.js';
import { capitalized, fitText, wrapParts, wrapText } from '../parts/text.js';
import { renderThresholds } from '../parts/threshold-text.js';
import { renderVerdicts } from '../parts/verdict-lines.js';
import { describeMissing } from '../report/report-text.js';
import { COMPLETED, COMPLETED_AGAIN, JAIN, LAG, LAG_AS_WORK, MISSING, RATE } from '../report/run-figures.js';
import { checkLine } from './bench-check.js';
import { formatFigure } from './bench-figures.js';
import { type BenchResult, resultLabels } from './bench-result.js';
import { type Figure, storyOf } from './bench-story.js';

/** The first starts tell the pattern; the rest is in --json. */
const MAX_STARTS = 90;
const LABEL_COLUMNS = 12;
/** What the names of the figures take, and what a result takes with its gap. */
const NAME_COLUMNS = 28;
const RESULT_COLUMNS = LABEL_COLUMNS + 2;

export interface BenchMatter {
  /** What the load was played for. */
  readonly figures: readonly BenchFigure[];
  /** Whether it is about the smallest user, and can be told in a sentence. */
  readonly hasMoral: boolean;
  /** What the operator asked to hold. */
  readonly thresholds: readonly ThresholdResult[];
}

/** Several strategies on the same load: figures side by side, the picture, the checks, and the moral. */
export function renderBench(
  results: readonly BenchResult[],
  checks: readonly BenchCheck[],
  style: TextStyle,
  { figures, hasMoral, thresholds }: BenchMatter = { figures: [], hasMoral: true, thresholds: [] },
): string {
  const labels = resultLabels(results);
  const story = hasMoral ? storyOf(results, style) : null;
  const matter = figures
    .filter(({ values }) => Object.values(values).filter((value) => value !== null).length > 1)
    .map((figure) => ({
      name: figure.name,
      of: (result: BenchResult) => formatFigure(figure.values[labels[results.indexOf(result)]!], figure.unit),
    }));
  const picture = results.map(({ order }, i) => ({ label: labels[i]!, order }));
  const moral = story === null ? [] : wrapText(story.moral, style);
  const blocks = [
    renderFigures(results, labels, hasMoral ? (story?.figures ?? []) : matter, style),
    renderWarnings(results, labels, style),
    renderRounds(figures, hasMoral, style),
    renderComparison(picture, style),
    ...results.map((result, i) => renderStarts(labels[i]!, result.starts ?? [], style)),
    renderVerdicts(checks.map(checkLine), style),
    renderThresholds(thresholds, style),
    moral.map((line) => paint('strong', line, style)).join('\n'),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

const FIGURES: readonly Figure[] = [
  ...[LAG, LAG_AS_WORK, JAIN, RATE, COMPLETED, MISSING, COMPLETED_AGAIN].map(({ name, of }) => ({
    name,
    of: ({ report }: BenchResult) => of(report),
  })),
  { name: 'workers x slots', of: ({ workers, concurrency }) => `${workers} x ${concurrency}` },
];

/** As many results side by side as fit, and the others below. */
function renderFigures(
  results: readonly BenchResult[],
  labels: readonly string[],
  own: readonly Figure[],
  style: TextStyle,
): string {
  const names = {
    heading: '',
    text: ({ name }: Figure) => name,
    align: 'left',
    shrinkTo: style.columns - RESULT_COLUMNS,
  } as const;
  const columns = results.map((result, i) => ({
    heading: renderHeading(labels[i]!, style),
    text: (figure: Figure) => figure.of(result),
  }));
  const each = Math.max(1, Math.floor((style.columns - NAME_COLUMNS) / RESULT_COLUMNS));
  const tables: string[] = [];
  for (let from = 0; from < columns.length; from += each) {
    tables.push(renderTable([names, ...columns.slice(from, from + each)], [...own, ...FIGURES], style));
  }
  return tables.join('\n\n');
}

/** `fair, by time` in two lines: what tells two of them apart comes last. */
function renderHeading(label: string, { unicode }: TextStyle): string {
  return safeText(label, unicode)
    .split(/(?<=,) /)
    .map((line) => fitText(line, LABEL_COLUMNS, unicode))
    .join('\n');
}

function renderWarnings(
  results: readonly BenchResult[],
  labels: readonly string[],
  style: TextStyle,
): string {
  const lines = results.flatMap(({ report }, i) => {
    const { text, tone } = describeMissing(report);
    return tone === 'alarm' ? wrapText(`${safeText(labels[i]!, style.unicode)}: ${text}`, style) : [];
  });
  return lines.map((line) => paint('alarm', line, style)).join('\n');
}

/** Which rounds the table and the picture are of, and what too few of them cannot tell. */
function renderRounds(figures: readonly BenchFigure[], hasMoral: boolean, style: TextStyle): string {
  const rounds = Math.max(1, ...figures.map((figure) => figure.rounds));
  const lines: string[] = [];
  if (rounds > 1) {
    const shown = `of each strategy's round of median speed, of ${formatCount(rounds)}`;
    if (!hasMoral)
      lines.push(
        'A row with a promise shows the worst of the rounds, or the median where its check says so.',
      );
    lines.push(hasMoral ? `Table and picture are ${shown}.` : `The other rows and the picture are ${shown}.`);
  }
  for (const { name, unjudged } of figures) {
    if (unjudged !== undefined) lines.push(`Not judged: ${name}. ${capitalized(unjudged)}.`);
  }
  return lines
    .flatMap((line) => wrapText(line, style))
    .map((line) => paint('quiet', line, style))
    .join('\n');
}

/** In threes, so that A B C shows as what it is. */
function renderStarts(label: string, starts: readonly string[], style: TextStyle): string {
  if (starts.length === 0) return '';
  const name = (text: string): string => fitText(safeText(text, style.unicode), LABEL_COLUMNS, style.unicode);
  const shown = starts.slice(0, MAX_STARTS).map(name);
  const threes: string[] = [];
  for (let i = 0; i < shown.length; i += 3) threes.push(shown.slice(i, i + 3).join(' '));
  const lines = [
    paint('strong', `Starts with ${name(label)}, in order`, style),
    ...wrapParts(threes, '   ', style),
  ];
  if (starts.length > shown.length) {
    const more = `${style.unicode ? '…' : '...'} and ${formatCount(starts.length - shown.length)} more`;
    lines.push(paint('quiet', more, style));
  }
  return lines.join('\n');
}
