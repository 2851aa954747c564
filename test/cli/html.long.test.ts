import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { completionLine, headLine } from '../../src/core/events/event-line.js';
import type { RunReport } from '../../src/core/reports/run-report.js';
import type { BrowserPage } from '../support/browser-page.js';
import { Browser, chromiumForTests } from '../support/chromium.js';
import { fairq, fairqJson } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { HOSTILE_IN_PAGES } from '../support/hostile-names.js';
import { EPOCH, taskEvent } from '../support/synthetic-run.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const folder = useFolder();
const { env } = vhost;
const chromium = chromiumForTests('reports in a browser');

let browser: Browser | undefined;
let page: BrowserPage | undefined;
beforeAll(async () => {
  if (chromium !== undefined) browser = await Browser.start(chromium);
});
afterEach(async () => {
  await page?.close();
  page = undefined;
});
afterAll(() => browser?.close());

async function open(file: string): Promise<BrowserPage> {
  page = await browser!.open(pathToFileURL(file).href);
  return page;
}

/** A saved run of these events, as `report --save` writes it. */
function savedRun(run: string, lines: readonly string[]): string {
  const saved = folder.file(`${run}.ndjson`);
  const head = headLine({ version: 1, run, saved: '', broker: null });
  writeFileSync(saved, [head, ...lines].join('\n'));
  return saved;
}

interface Shown {
  figure: string;
  label: string | null;
  value: string;
}

const FIGURES = `[...document.querySelectorAll('[data-figure]')].map((e) => ({
  figure: e.dataset.figure, label: e.dataset.label ?? null, value: e.dataset.value }))`;
const NAMES = `[...document.querySelectorAll('.users tbody th')].map((e) => e.textContent)`;

/** As the page names them, from the document of --json. */
function figuresOf(report: RunReport): Record<string, number | null> {
  return {
    'tasks completed': report.completed,
    users: report.userCount,
    time: report.seconds,
    'tasks a second': report.tasksPerSecond,
    "Jain's index at half time": report.fairness.jainAtHalf,
    'largest lag, tasks': report.fairness.maxLagTasks,
    'largest lag, as work': report.fairness.maxLagMs,
    'dwell, p95': report.dwellMs?.p95 ?? null,
    'dwell, max': report.dwellMs?.max ?? null,
    missing: report.missing,
    failed: report.failed,
    'completed again': report.duplicates,
  };
}

function shownOf(figures: readonly Shown[], label: string | null): Record<string, number | null> {
  const own = figures.filter((one) => one.label === label);
  return Object.fromEntries(own.map(({ figure, value }) => [figure, value === '' ? null : Number(value)]));
}

beforeAll(async () => {
  for (const user of [...HOSTILE_IN_PAGES, 'B', 'C', 'D']) {
    await fairqJson(env, 'publish', '--user', user, '--count', '12', '--run', 'hostile <b>');
  }
  await fairqJson(env, 'worker', '--exit-when', 'empty');
});

describe.skipIf(chromium === undefined)('a page in a browser', () => {
  it('shows the figures of --json, names as names, and asks nobody for anything', async () => {
    const file = folder.file('report.html');
    const flags = ['--check', 'missing==0', '--check', 'user(B).last<=1'];
    const { code, stdout } = await fairq(env, '--json', 'report', '--html', file, ...flags);
    expect(code).toBe(99);
    const document = JSON.parse(stdout) as RunReport;
    const shown = await open(file);
    expect(shown.errors).toEqual([]);
    expect(shown.requests).toEqual([]);
    expect(
      await shown.evaluate<RunReport>(`JSON.parse(document.getElementById('fairq-data').textContent)`),
    ).toEqual(document);
    expect(shownOf(await shown.evaluate<Shown[]>(FIGURES), null)).toEqual(figuresOf(document));
    const names = await shown.evaluate<string[]>(NAMES);
    expect(names).toEqual(
      document.users
        .map(({ user }) => user.replace('\u202e', '\\u{202e}'))
        .map((user) => user.replaceAll('\u200d', '\\u{200d}')),
    );
    expect(await shown.evaluate(`document.title`)).toBe('Run hostile <b> · fairq');
    expect(
      await shown.evaluate(`document.querySelectorAll('img, [onload], [onerror], [onmouseover]').length`),
    ).toBe(0);
    expect(await shown.evaluate(`document.querySelectorAll('script').length`)).toBe(2);
    expect(await shown.evaluate(`document.querySelector('.checks .failed').textContent`)).toContain(
      'user(B).last<=1',
    );
    expect(await shown.evaluate(`document.querySelectorAll('svg[role=img]').length`)).toBeGreaterThanOrEqual(
      5,
    );
    expect(
      await shown.evaluate(
        `[...document.querySelectorAll('svg[role=img]')].every((e) => e.getAttribute('aria-label'))`,
      ),
    ).toBe(true);
  });

  it('finds and sorts users, by keyboard too', async () => {
    const file = folder.file('sorted.html');
    await fairqJson(env, 'report', '--html', file);
    const shown = await open(file);
    await shown.evaluate(
      `(() => { const i = document.querySelector('.users input'); i.value = 'ONERROR'; i.dispatchEvent(new Event('input')); })()`,
    );
    expect(await shown.evaluate(NAMES)).toEqual([HOSTILE_IN_PAGES[0]]);
    await shown.evaluate(
      `(() => { const i = document.querySelector('.users input'); i.value = ''; i.dispatchEvent(new Event('input')); })()`,
    );
    await shown.evaluate(`document.querySelectorAll('.users thead button')[5].click()`);
    const last = `[...document.querySelectorAll('.users tbody tr')].map((row) => Number(row.children[5].textContent.replaceAll(',', '')))`;
    const positions = await shown.evaluate<number[]>(last);
    expect(positions).toEqual([...positions].sort((a, b) => b - a));
    expect(
      await shown.evaluate(`document.querySelectorAll('.users thead th')[5].getAttribute('aria-sort')`),
    ).toBe('descending');
    expect(
      await shown.evaluate(`[...document.querySelectorAll('.users button')].every((e) => e.tabIndex === 0)`),
    ).toBe(true);
    expect(shown.errors).toEqual([]);
  });

  it('writes a row that was found like one that was there, however long its user waited', async () => {
    const waits = [0, 0.05, 5, 500, 999.6, 30_000, 59_960, 125_000, 3_599_600, 18_300_000, 93_600_000, 2e8];
    const lines = waits.map((ms, i) =>
      completionLine(
        taskEvent({ id: `${i}`, user: `user-${i}`, run: 'long', sequence: 1, started: ms * 1_000 }),
      ),
    );
    const saved = savedRun('long', lines);
    const file = folder.file('long.html');
    await fairqJson(env, 'report', saved, '--html', file);
    const shown = await open(file);
    const rows = () =>
      shown.evaluate<string[]>(`[...document.querySelectorAll('.users tbody tr')].map((e) => e.innerText)`);
    const before = await rows();
    await shown.evaluate(`document.querySelector('.users input').dispatchEvent(new Event('input'))`);
    expect(before).toHaveLength(waits.length);
    expect(before.at(-1)).toContain('2 d 8 h');
    expect(await rows()).toEqual(before);
  });

  it('has times of the day where a part of a run was asked for', async () => {
    const at = Date.parse('2026-11-26T14:03:20Z') * 1_000 - EPOCH;
    const lines = Array.from({ length: 60 }, (_, i) => {
      const [id, user, started] = [`${i}`, `user-${i % 3}`, at + i * 30e6];
      const times = { enqueued: at, started, finished: started + 1_000 };
      return completionLine(taskEvent({ id, user, run: 'clock', sequence: i, ...times }));
    });
    const saved = savedRun('clock', lines);
    const file = folder.file('clock.html');
    const ticks = `[...document.querySelectorAll('svg[aria-label*="that wait"] text.tick[text-anchor=middle]')].map((e) => e.textContent)`;
    const notes = `document.querySelector('.note').textContent`;
    await fairqJson(env, 'report', saved, '--html', file, '--since', '2026-11-26T14:10:00Z');
    let shown = await open(file);
    expect(await shown.evaluate(ticks)).toEqual(['11-26 14:15', '14:20', '14:25', '14:30']);
    expect(await shown.evaluate(notes)).toContain('from 2026-11-26 14:10:00 to');
    expect(await shown.evaluate(notes)).toContain('UTC; the times in drawings are UTC');
    await shown.close();
    await fairqJson(env, 'report', saved, '--html', file);
    shown = await open(file);
    expect((await shown.evaluate<string[]>(ticks))[0]).toBe('0');
    expect(await shown.evaluate(notes)).toContain('drawings count time from the first start');
  });

  it('has lanes of the largest and the failing users, of many', async () => {
    const users = Array.from({ length: 400 }, (_, i) => `user-${i % 90}`);
    const lines = [...users, ...Array.from({ length: 60 }, () => 'large-one')].map((user, i) => {
      const outcome = user === 'user-45' && i > 300 ? 'failed' : 'done';
      const times = { started: i * 1_000, finished: i * 1_000 + 500 };
      return completionLine(taskEvent({ id: `${i}`, user, run: 'many', sequence: i, outcome, ...times }));
    });
    const saved = savedRun('many', lines);
    const file = folder.file('many.html');
    await fairqJson(env, 'report', saved, '--html', file);
    const shown = await open(file);
    const names = await shown.evaluate<string[]>(
      `[...document.querySelector('svg[role=img]').querySelectorAll('text.name')].map((e) => e.textContent)`,
    );
    expect(names).toHaveLength(40);
    expect(names[0]).toBe('large-one');
    // After a quarter of the lanes, which the largest have.
    expect(names.indexOf('user-45')).toBe(10);
  });

  it('is as wide as the window, in the light and in the dark', async () => {
    const file = folder.file('narrow.html');
    await fairqJson(env, 'report', '--html', file);
    const shown = await open(file);
    const background = () => shown.evaluate<string>(`getComputedStyle(document.body).backgroundColor`);
    for (const scheme of ['light', 'dark'] as const) {
      await shown.prefer(scheme);
      expect(await background()).toBe(scheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(20, 24, 28)');
      for (const width of [360, 800, 1600]) {
        await shown.resize(width, 900);
        expect(await shown.evaluate(`document.documentElement.scrollWidth`)).toBeLessThanOrEqual(width);
      }
    }
  });

  it('has the results of a bench side by side', async () => {
    const file = folder.file('bench.html');
    const load = ['--count-a', '600', '--count-b', '40', '--rounds', '1'];
    const { stdout } = await fairq(env, '--json', 'bench', 'seed', ...load, '--html', file);
    const { results } = JSON.parse(stdout) as { results: (RunReport & { strategy: string })[] };
    const shown = await open(file);
    expect(shown.errors).toEqual([]);
    const figures = await shown.evaluate<Shown[]>(FIGURES);
    expect(results.map(({ strategy }) => strategy)).toEqual(['fifo', 'arrival', 'fair']);
    for (const result of results) expect(shownOf(figures, result.strategy)).toEqual(figuresOf(result));
    expect(await shown.evaluate(`document.querySelectorAll('.users').length`)).toBe(3);
    expect(await shown.evaluate('document.body.innerText')).toContain("A's 600 tasks, then B's 40: when");
  });
});

describe('a page', () => {
  it('names the command without its password, and what made it', async () => {
    const file = folder.file('secret.html');
    const uri = new URL(env.FAIRQ_URI!);
    const secret = uri.password;
    await fairqJson({ ...env, FAIRQ_URI: 'amqp://127.0.0.1:1' }, 'report', '--uri', uri.href, '--html', file);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain(`amqp://${uri.username}:***@`);
    expect(text).not.toContain(`${uri.username}:${secret}@`);
    expect(text).toMatch(/RabbitMQ \d+\.\d+/);
    expect(text).toMatch(/Node v\d+/);
  });

  it('that cannot be written is known before the work', async () => {
    const { code, stderr } = await fairq(env, 'bench', 'seed', '--html', folder.file('nowhere/page.html'));
    expect(code).toBe(64);
    expect(stderr).toContain('cannot be written');
  });
});
