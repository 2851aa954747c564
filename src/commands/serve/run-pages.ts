import { VERSION } from '../../process/version.js';
import { drawnUsers } from '../../render/html/drawn-users.js';
import { renderPage } from '../../render/html/page.js';
import { PAGE_SCRIPT } from '../../render/html/page-script.js';
import { PAGE_STYLE } from '../../render/html/page-style.js';
import { titleOf } from '../../render/report/report-text.js';
import type { MeasuredRun, RunPages } from '../../serve/run-page.js';
import type { Context } from '../shared/context.js';

/** Where the server has the rest of a page; the page itself stands at `report`. */
const LINKS = {
  script: 'page/report.js',
  style: 'page/report.css',
  icon: 'page/icon.svg',
  back: { href: './#/runs', text: 'Runs' },
};

/** The pages of runs that a server shows: as `fairq report --html` writes them. */
export function runPages({ io, clock }: Pick<Context, 'io' | 'clock'>): RunPages {
  const html = ({ run, measures, broker }: MeasuredRun): string => {
    const report = measures.report(run);
    const title = titleOf(report);
    const result = {
      label: '',
      report,
      order: measures.completionOrder(),
      timeline: measures.timeline(drawnUsers([report])),
    };
    const about = [
      ['made', new Date(clock.epochMicros() / 1_000).toISOString()],
      ['fairq', `${VERSION}, Node ${io.nodeVersion}`],
      ['broker', broker === null ? 'not known' : `RabbitMQ ${broker}`],
    ] as const;
    const document = { schemaVersion: 1, kind: 'report', ...report };
    const part = { title, lead: '', results: [result], checks: [], thresholds: [] };
    return renderPage({ title, parts: [part], about, document }, LINKS);
  };
  return { script: PAGE_SCRIPT, style: PAGE_STYLE, html };
}
