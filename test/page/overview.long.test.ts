import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatRate } from '../../src/render/parts/numbers.js';
import type { Doctor } from '../../src/serve/doctor/doctor-view.js';
import type { History } from '../../src/serve/history/history-view.js';
import { ATTENTION } from '../../src/serve/overview/attention.js';
import { axeFindings } from '../support/axe.js';
import type { BrowserPage } from '../support/browser-page.js';
import { eventually } from '../support/eventually.js';
import { fairqJson, RunningFairq } from '../support/fairq.js';
import { hasBrowser, usePageScene } from '../support/page-scene.js';
import { ask, HANDLERS } from '../support/serving.js';

const scene = usePageScene();
const HOSTILE = '"><img src=x onerror=alert(1)>';
let worker: RunningFairq;
let gate: string;

const api = async <T>(path: string) =>
  (await ask(scene.server, path, { headers: scene.as.viewer })).json as T;

describe.skipIf(!hasBrowser)('the overview', () => {
  beforeAll(async () => {
    const { env } = scene.vhost;
    const module = scene.folder.file('handlers.mjs');
    gate = scene.folder.file('gate');
    await writeFile(module, HANDLERS);
    const publish = (user: string, count: number, ...flags: string[]) =>
      fairqJson(env, 'publish', '--user', user, '--count', String(count), ...flags);
    await publish(HOSTILE, 1, '--task', 'fails');
    await publish(HOSTILE, 6, '--task', 'until', '--payload', JSON.stringify(gate));
    await publish('failing', 3, '--task', 'fails');
    await publish('nobody', 2);
    await publish('resting', 2, '--task', 'echo');
    await fairqJson(env, 'pause', 'resting', '--reason', 'a test');
    worker = new RunningFairq(
      [
        'worker',
        ...['--handler', module, '--concurrency', '3', '--max-attempts', '1'],
        ...['--exclude', 'fairq.user.nobody'],
      ],
      env,
    );
    await worker.says(/ready/);
  });
  afterAll(async () => {
    worker.signal('SIGTERM');
    await worker.ended;
  });

  it('says how many users are to be looked at, by kind, as the API does, and leads to them', async () => {
    const page = await scene.open('', 'viewer');
    await page.untilText('2 failing', '.needs');
    await page.untilText('1 no worker', '.needs');
    await page.untilText('1 paused', '.needs');
    await eventually(
      async () => {
        const totals = await Promise.all(
          ATTENTION.map((one) => api<{ total: number }>(`/v1/users?attention=${one}`)),
        );
        const shown = (await page.texts('.needs li')).map((text) => Number(text.split(' ')[0]));
        return JSON.stringify(shown) === JSON.stringify(totals.map(({ total }) => total));
      },
      { timeoutMs: 60_000, what: 'the page to say what the API says' },
    );
    expect(await page.texts('.rows tbody .name')).toContain('failing');
    expect(await page.evaluate('document.querySelector(".needs .bad a").hash')).toContain('?attention=');
    await page.click('.needs a', '2 failing');
    expect(await page.evaluate('location.hash')).toBe('#/users?attention=failing&sort=failed');
  });

  it('begins with who waits for longest, whatever the name, and not with who is paused', async () => {
    const page = await scene.open('', 'viewer');
    const { users } = await eventually(
      async () => {
        const found = await api<{ users: { user: string; paused: object | null }[] }>('/v1/users?sort=wait');
        const [oldest] = found.users.filter(({ paused }) => paused === null);
        const shown = (await page.texts('.headline-who .name'))[0];
        return oldest?.user === shown && found;
      },
      { timeoutMs: 60_000, what: 'the page to name who waits for longest' },
    );
    expect(users.map(({ user }) => user)).toContain('resting');
    await page.untilText(HOSTILE, '.rows');
    expect(await page.evaluate('document.querySelectorAll("img").length')).toBe(0);
  });

  it('draws the last hour, and says each moment of it by keyboard as the API does', async () => {
    const page = await scene.open('', 'viewer');
    await page.until('document.querySelectorAll(".plot").length === 4');
    const plot = 'document.querySelectorAll(".plot")[1]';
    await page.evaluate(`${plot}.focus()`);
    const said = () => page.evaluate<string>(`${plot}.getAttribute('aria-valuetext')`);
    await page.press('Home');
    await page.until(`${plot}.getAttribute('aria-valuenow') === '0'`);
    await page.press('ArrowRight');
    await page.until(`${plot}.getAttribute('aria-valuenow') === '1'`);
    expect(await said()).toMatch(/^\d\d:\d\d:\d\d, ended not known, sent not known$/);
    await eventually(
      async () => {
        await page.press('End');
        const text = await said();
        const { from, stepSeconds, ended, sent } = await api<History>('/v1/history');
        const texts = ended.map((count, i) => {
          const at = new Date(Date.parse(from) + i * stepSeconds * 1_000);
          const rate = (value: number | null | undefined) => formatRate((value ?? 0) / stepSeconds);
          const clock = at.toLocaleTimeString('en', { hourCycle: 'h23' });
          return count === null ? '' : `${clock}, ended ${rate(count)}, sent ${rate(sent[i])}`;
        });
        return texts.includes(text);
      },
      { timeoutMs: 60_000, what: 'the last moment of the chart to be one of the history' },
    );
    expect(await page.texts('.summary')).toHaveLength(4);
    await page.untilText('at most', '.summary');
  });

  it('shows what doctor finds, the worst first, and what to do about it', async () => {
    const page = await scene.open('', 'viewer');
    await page.until('document.querySelector(".findings")');
    const { findings } = await api<Doctor>('/v1/doctor');
    const wrong = findings.filter(({ level }) => level !== 'ok');
    expect(wrong.map(({ check }) => check)).toContain('consumers');
    for (const { text, mend } of wrong) {
      await page.untilText(text, '.findings');
      if (mend !== undefined) await page.untilText(mend, '.findings');
    }
    await page.untilText(`${findings.length - wrong.length} checks are fine`);
  });

  it('is read in light and dark, from 360 to 1,920 pixels', async () => {
    const page = await scene.open('', 'viewer');
    await page.until('document.querySelectorAll(".plot").length === 4');
    for (const scheme of ['light', 'dark'] as const) {
      await page.prefer(scheme);
      expect(await axeFindings(page)).toEqual([]);
    }
    for (const width of [360, 800, 1_920]) {
      await page.resize(width, 900);
      await page.until(`document.querySelector('.plot svg').getBoundingClientRect().right <= ${width}`);
      expect([width, await page.evaluate('document.documentElement.scrollWidth <= innerWidth')]).toEqual([
        width,
        true,
      ]);
    }
  });

  it('moves nothing up when what was to be looked at has gone', async () => {
    const page = await scene.open('', 'viewer');
    await page.untilText('1 paused', '.needs');
    const top = await topOf(page);
    await writeFile(gate, '');
    await fairqJson(scene.vhost.env, 'resume', 'resting');
    await page.untilText('0 paused', '.needs');
    expect(await topOf(page)).toBeGreaterThanOrEqual(top);
  });
});

function topOf(page: BrowserPage): Promise<number> {
  return page.evaluate('document.querySelector("#hour").getBoundingClientRect().top + scrollY');
}
