import { type BenchCheck, type BenchFigure, keeps } from '../../core/reports/bench-report.js';
import type { ThresholdResult } from '../../core/thresholds/threshold.js';
import { paint, type TextStyle } from '../parts/style.js';
import { renderTable } from '../parts/table.js';
import { wrapText } from '../parts/text.js';
import { renderThresholds } from '../parts/threshold-text.js';
import { checkLine } from './bench-check.js';
import { formatFigure, formatPromise } from './bench-figures.js';

/** One scenario of several. */
export interface ScenarioSummary {
  readonly scenario: string;
  readonly figures: readonly BenchFigure[];
  readonly checks: readonly BenchCheck[];
  readonly thresholds: readonly ThresholdResult[];
  readonly passed: boolean;
}

const OVER_ROUNDS =
  "Where a scenario is played in several rounds, a speed and B's last task in seed are their median, and anything else the worst.";

interface Row {
  readonly scenario: string;
  readonly figure: BenchFigure;
  /** Whose promise the row is about. */
  readonly promiser: string;
}

/** What there is to play. */
export function renderScenarios(
  scenarios: readonly { readonly name: string; readonly summary: string }[],
  style: TextStyle,
): string {
  const width = Math.max(...scenarios.map(({ name }) => name.length)) + 2;
  return scenarios
    .map(({ name, summary }) =>
      wrapText(summary, { ...style, columns: style.columns - width })
        .map((line, i) => (i === 0 ? paint('strong', name.padEnd(width), style) : ' '.repeat(width)) + line)
        .join('\n'),
    )
    .join('\n');
}

/** Everything that is promised, a line each, with what the other strategies came to; then what failed. */
export function renderBenchTable(scenarios: readonly ScenarioSummary[], style: TextStyle): string {
  const rows = scenarios.flatMap(({ scenario, figures }) =>
    figures.flatMap((figure) => figure.promisedBy.map((promiser) => ({ scenario, figure, promiser }))),
  );
  const fair = rows.filter(({ promiser }) => promiser.startsWith('fair'));
  const [good, bad] = style.unicode ? ['✓', '✗'] : ['ok', 'FAILED'];
  const of = (label: string) => (row: Row) => formatFigure(row.figure.values[label], row.figure.unit);
  const table = renderTable<Row>(
    [
      { heading: 'scenario', text: ({ scenario }) => scenario, align: 'left' },
      { heading: 'what', text: ({ figure }) => figure.name, align: 'left', shrinkTo: 24 },
      { heading: 'fifo', text: of('fifo') },
      { heading: 'arrival', text: of('arrival') },
      { heading: 'fair', text: (row) => of(row.promiser)(row) },
      { heading: 'promised', text: ({ figure }) => formatPromise(figure), align: 'left' },
      {
        heading: '',
        text: ({ figure, promiser }) => {
          const value = figure.values[promiser];
          if (value === null || value === undefined || figure.unjudged !== undefined) return '';
          return keeps(figure, value) ? good : bad;
        },
        align: 'left',
      },
    ],
    fair,
    style,
  );
  const failed = scenarios.flatMap(({ scenario, checks }) =>
    checks.filter(({ passed }) => !passed).map((check) => `${bad} ${scenario}: ${checkLine(check).text}`),
  );
  const lines = failed.map((line) => paint('alarm', line, style));
  const asked = scenarios
    .map(({ thresholds }) => renderThresholds(thresholds, style))
    .filter((text) => text !== '');
  const passed = scenarios.filter((scenario) => scenario.passed).length;
  const checks = scenarios.reduce((sum, scenario) => sum + scenario.checks.length, 0);
  const verdict = `${passed} of ${scenarios.length} scenarios passed; ${checks} checks, with those that every task was run, and once`;
  return [
    table,
    lines.join('\n'),
    asked.join('\n'),
    scenarios.some(({ figures }) => figures.some(({ rounds }) => rounds > 1)) ? OVER_ROUNDS : '',
    paint(failed.length === 0 ? 'good' : 'alarm', verdict, style),
  ]
    .filter((block) => block !== '')
    .join('\n\n');
}
