import { beforeAll, describe, expect, it } from 'vitest';
import { safeText } from '../../src/render/parts/safe-text.js';
import type { RunReportTold, Runs } from '../../src/serve/overview/run-views.js';
import { axeFindings } from '../support/axe.js';
import type { BrowserPage } from '../support/browser-page.js';
import { fairqJson } from '../support/fairq.js';
import { HOSTILE_IN_PAGES } from '../support/hostile-names.js';
import { hasBrowser, type PageRole, usePageScene } from '../support/page-scene.js';
import { ask } from '../support/serving.js';

const scene = usePageScene();

/** Once the first look is there nothing moves any more under what is clicked. */
async function open(hash: string, role: PageRole): Promise<BrowserPage> {
  const page = await scene.open(hash, role);
  await page.untilText('live', '.fresh');
  return page;
}

const RUN = 'hostile <b>/%2F';
const USERS = [...HOSTILE_IN_PAGES, 'B', 'C', 'D'];
/** Neither can be said in a path. */
const UPWARDS = '..';

async function told<T>(path: string): Promise<T> {
  const { json } = await ask(scene.server, path, { headers: scene.as.viewer });
  return json as T;
}

const report = () => told<RunReportTold>(`/v1/runs/${encodeURIComponent(RUN)}?limit=1000`);

const HOSTILE_PARTS = `document.querySelectorAll('img, [onload], [onerror], [onmouseover], style, script:not([src]):not([type="application/json"])').length`;

describe.skipIf(!hasBrowser)('runs', () => {
  beforeAll(async () => {
    const { env } = scene.vhost;
    for (const user of USERS) await fairqJson(env, 'publish', '--user', user, '--count', '5', '--run', RUN);
    await fairqJson(env, 'publish', '--user', 'B', '--count', '3', '--run', UPWARDS);
    await fairqJson(env, 'worker', '--exit-when', 'empty');
  });

  it('are listed as the API lists them', async () => {
    const page = await open('#/runs', 'viewer');
    await page.untilText(RUN, '.rows tbody th');
    const { runs } = await told<Runs>('/v1/runs');
    const rows = await page.evaluate<string[][]>(
      `[...document.querySelectorAll('.rows tbody tr')].map((row) => [...row.children].map((e) => e.innerText))`,
    );
    expect(rows.map((cells) => cells.slice(0, 4))).toEqual(
      runs.map(({ run, users, published, completed }) => [run, `${users}`, `${published}`, `${completed}`]),
    );
    expect(await axeFindings(page)).toEqual([]);
  });

  it('are told of in figures, and drawn as the report draws them, whatever users are called', async () => {
    const page = await open('#/runs', 'viewer');
    await page.click('.rows tbody th a', RUN);
    await page.untilText('completed', '.facts');
    const { completed, published, users, ...rest } = await report();
    const facts = await page.evaluate<Record<string, string>>(
      `Object.fromEntries([...document.querySelectorAll('.facts dt')].map((e) => [e.innerText, e.nextElementSibling.innerText]))`,
    );
    expect(facts).toMatchObject({ published: String(published), failed: String(rest.failed), missing: '0' });
    expect(facts.completed).toMatch(new RegExp(`^${completed}, `));
    expect(await page.texts('.rows tbody th')).toEqual(users.map(({ user }) => safeText(user)));
    expect(await axeFindings(page)).toEqual([]);

    await page.click('main a', 'The whole report, drawn');
    await page.until(`location.pathname === '/report' && document.querySelector('[data-figure]') !== null`);
    expect(await page.evaluate(`document.title`)).toBe(`Run ${RUN} · fairq`);
    const figures = await page.evaluate<Record<string, string>>(
      `Object.fromEntries([...document.querySelectorAll('[data-figure]')].map((e) => [e.dataset.figure, e.dataset.value]))`,
    );
    expect(figures).toMatchObject({
      'tasks completed': String(completed),
      users: String(users.length),
      "Jain's index at half time": String(rest.fairness.jainAtHalf),
      'largest lag, tasks': String(rest.fairness.maxLagTasks),
    });
    expect(await page.texts('.users tbody th')).toEqual(users.map(({ user }) => safeText(user)));
    expect(await page.evaluate(HOSTILE_PARTS)).toBe(0);
    expect(await page.evaluate(`getComputedStyle(document.querySelector('.cards')).display`)).toBe('flex');
    expect(await axeFindings(page)).toEqual([]);
    // Its own script searches.
    await page.fill('.users input', 'onmouseover');
    await page.until(`document.querySelectorAll('.users tbody tr').length === 1`);
    await page.click('main a', 'Runs');
    await page.untilText(RUN, '.rows tbody th');
  });

  it('are drawn though no path can say what they are called', async () => {
    const page = await open('#/runs', 'viewer');
    await page.click('.rows a[href="report?run=.."]');
    await page.until(`document.title === 'Run .. · fairq'`);
    await page.until(`document.querySelector('[data-figure="tasks completed"]').dataset.value === '3'`);
  });

  it('are drawn for viewers, and loads nothing but what the server has', async () => {
    const path = `/report?run=${encodeURIComponent(RUN)}`;
    expect((await ask(scene.server, path)).status).toBe(401);
    expect((await ask(scene.server, path, { headers: scene.as.user })).status).toBe(403);
    expect((await ask(scene.server, '/report?run=nothing', { headers: scene.as.viewer })).status).toBe(404);
    const { headers, status } = await ask(scene.server, path, { headers: scene.as.viewer });
    expect(status).toBe(200);
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'self'; .*frame-ancestors 'none'/);
    expect(headers.get('content-security-policy')).not.toContain('unsafe');
  });
});
