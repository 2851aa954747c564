import { beforeAll, describe, expect, it } from 'vitest';
import type { PolicyHistory } from '../../src/serve/policy/policy-schemas.js';
import { axeFindings } from '../support/axe.js';
import type { BrowserPage } from '../support/browser-page.js';
import { eventually } from '../support/eventually.js';
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

const set = (...args: string[]) => fairqJson(scene.vhost.env, 'policy', 'set', ...args);

async function history(query = ''): Promise<PolicyHistory> {
  const { json } = await ask(scene.server, `/v1/policy/history${query}`, { headers: scene.as.viewer });
  return json as PolicyHistory;
}

describe.skipIf(!hasBrowser)('changes of the policy', () => {
  beforeAll(async () => {
    // The page of a user that has nothing but a rule is not there.
    await fairqJson(scene.vhost.env, 'publish', '--user', 'A');
    await set('A', '--cap', '3', '--reason', HOSTILE_IN_PAGES[0]!);
    await set('A', '--cap', '5');
    await set('A', '--weight', '2', '--for', '1s');
    const until = (await history()).changes.at(-1)!.changes![0]!.after!.until!;
    await eventually(() => Date.now() > Date.parse(until), { timeoutMs: 60_000, what: 'the weight ends' });
    await set('team-*', '--rate', '5/s');
  });

  it('tells who set what, when and why, the newest first', async () => {
    const page = await open('#/changes', 'viewer');
    await page.untilText('cap 3', '.changes');
    const { changes } = await history();
    expect(
      await page.evaluate(`[...document.querySelectorAll('.changes > li')].map((e) => e.dataset.revision)`),
    ).toEqual(changes.map(({ revision }) => String(revision)).reverse());
    expect(await page.texts('.change-head b')).toEqual(changes.map(({ by }) => by).reverse());
    expect(
      await page.evaluate(`[...document.querySelectorAll('.change-head time')].map((e) => e.dateTime)`),
    ).toEqual(changes.map(({ at }) => at).reverse());
    const words = await page.texts('.changed > li');
    expect(words[0]).toContain('users team-*: not set → rate 5/s');
    expect(words[1]).toMatch(/^A: not set → weight 2 until .*ended$/);
    expect(words[2]).toBe('A: cap 3 → cap 5');
    expect(words[3]).toBe('A: not set → cap 3');
    expect(await page.texts('.reason')).toEqual([`“${HOSTILE_IN_PAGES[0]}”`]);
    expect(await axeFindings(page)).toEqual([]);
    await page.click('.changed a', 'A');
    await page.until(`location.hash === '#/users/A'`);
  });

  it('shows a new change by itself', async () => {
    const page = await open('#/changes', 'viewer');
    await page.untilText('cap 3', '.changes');
    await set(HOSTILE_IN_PAGES[1]!, '--cap', '7');
    await page.untilText(`${HOSTILE_IN_PAGES[1]}: not set → cap 7`, '.changed');
    expect(await page.evaluate(`document.querySelectorAll('main img, main script').length`)).toBe(0);
  });

  it('tells of older ones when it is asked, a page at a time', async () => {
    for (let i = 0; i < 25; i++) {
      const headers = { ...scene.as.operator, 'if-match': '*' };
      const body = { weight: i + 1 };
      await ask(scene.server, '/v1/policy/users/many', { method: 'PUT', headers, body });
    }
    const page = await open('#/changes', 'viewer');
    await page.until(`document.querySelectorAll('.changes > li').length === 25`);
    expect((await page.texts('.changed > li'))[0]).toBe('many: weight 24 → weight 25');
    await page.click('button', 'Show older ones');
    await page.untilText('A: not set → cap 3', '.changed');
    expect(await page.texts('main button')).toEqual([]);
  });
});

describe.skipIf(!hasBrowser)('GET /v1/policy/history', () => {
  it('tells what each change has changed, and leaves out what is set where that is asked', async () => {
    const { changes, hidden } = await history('?limit=2&before=4&rules=false');
    expect(changes.map(({ revision }) => revision)).toEqual([2, 3]);
    expect(hidden).toBe(1);
    expect(changes[0]).not.toHaveProperty('rules');
    expect(changes[0]!.changes).toMatchObject([
      {
        of: 'user',
        name: 'A',
        limit: 'cap',
        before: { value: { tasks: 3 } },
        after: { value: { tasks: 5 } },
      },
    ]);
    const [first] = (await history()).changes;
    expect(first!.rules).toMatchObject([{ name: 'A' }]);
  });

  it('does not take an end that has come for a change', async () => {
    const { changes } = await history();
    expect(changes[3]!.changes).toMatchObject([{ name: 'team-*', before: null }]);
  });
});
