import { beforeAll, describe, expect, it } from 'vitest';
import { axeFindings } from '../support/axe.js';
import type { BrowserPage } from '../support/browser-page.js';
import { eventually } from '../support/eventually.js';
import { fairqJson } from '../support/fairq.js';
import { HOSTILE_IN_PAGES } from '../support/hostile-names.js';
import { hasBrowser, usePageScene } from '../support/page-scene.js';
import { ask } from '../support/serving.js';

const scene = usePageScene('--tenant-of', 'prefix:/');
const MANY = 70;

interface Row {
  readonly user: string;
  readonly backlog: number | null;
}

const listed = async (query: string): Promise<Row[]> => {
  const { json } = await ask(scene.server, `/v1/users?${query}`, { headers: scene.as.viewer });
  return (json.users ?? []) as Row[];
};
const publish = (user: string, count: number) =>
  fairqJson(scene.vhost.env, 'publish', '--user', user, '--count', String(count));
const names = (page: BrowserPage) => page.texts('tbody th a');
/** Waits until the rows are these, from the top. */
const untilRows = (page: BrowserPage, rows: readonly string[]) =>
  page.until(
    `JSON.stringify([...document.querySelectorAll('tbody th a')].slice(0, ${rows.length}).map((e) => e.innerText)) === ${JSON.stringify(JSON.stringify(rows))}`,
    `the rows ${rows.join(', ')}`,
  );
const address = (page: BrowserPage) => page.evaluate<string>('location.hash');

describe.skipIf(!hasBrowser)('the users', () => {
  beforeAll(async () => {
    if (!hasBrowser) return;
    await fairqJson(scene.vhost.env, 'publish', '--users', String(MANY), '--count', '1');
    for (const [i, user] of ['acme/alice', 'acme/bob', 'carol'].entries()) await publish(user, 10 * (i + 2));
    for (const user of HOSTILE_IN_PAGES) await publish(user, 1);
    const all = MANY + 3 + HOSTILE_IN_PAGES.length;
    await eventually(async () => (await listed('limit=200')).length === all, {
      timeoutMs: 60_000,
      what: 'all users are listed',
    });
  });

  it('are those that the API tells of at that moment, in its order', async () => {
    const page = await scene.open('#/users', 'viewer');
    await page.click('th button', 'waiting');
    await untilRows(page, ['carol', 'acme/bob', 'acme/alice']);
    const rows = await listed('sort=backlog&limit=50');
    expect(await page.texts('tbody tr td:nth-child(4)')).toEqual(rows.map(({ backlog }) => String(backlog)));
    expect(await names(page)).toEqual(
      rows.map(({ user }) => user.replace('\u202e', '\\u{202e}').replaceAll('\u200d', '\\u{200d}')),
    );
    expect(await page.texts('[aria-sort=descending]')).toEqual([expect.stringContaining('waiting')]);
    await page.untilText(`1 to 50 of ${MANY + 3 + HOSTILE_IN_PAGES.length} users`);
  });

  it('are sorted by the keyboard, too, and the address says how', async () => {
    const page = await scene.open('#/users?search=user-', 'viewer');
    await page.untilText(`of ${MANY} users`);
    await page.evaluate(`document.querySelector('th button').focus()`);
    await page.press('Enter');
    await untilRows(page, ['user-1', 'user-2', 'user-3']);
    await page.press('Enter');
    await untilRows(page, ['user-70', 'user-69', 'user-68']);
    expect(await page.evaluate(`document.activeElement.textContent`)).toContain('user');
    expect(await address(page)).toBe('#/users?search=user-&sort=user&order=desc');
    await page.reload();
    await untilRows(page, ['user-70', 'user-69']);
  });

  it('are searched while one types, and walked and opened by the keyboard', async () => {
    const page = await scene.open('#/users', 'viewer');
    await page.untilText('users', '[role=status]');
    await page.moveTo('#/');
    await page.untilText('To look at');
    await page.press('/');
    await page.until(`document.activeElement.type === 'search'`);
    await page.client.Input.insertText({ text: 'ACME' });
    await page.untilText('of 2 users');
    expect(await address(page)).toBe('#/users?search=ACME');
    await page.press('ArrowDown');
    await page.press('ArrowDown');
    const second = (await names(page))[1];
    expect(await page.evaluate('document.activeElement.innerText')).toBe(second);
    await page.press('ArrowUp');
    await page.press('ArrowUp');
    expect(await page.evaluate('document.activeElement.type')).toBe('search');
    await page.press('ArrowDown');
    const first = (await names(page))[0]!;
    await page.press('Enter');
    await page.untilText(`User ${first}`, 'h1');
    await page.evaluate('history.back()');
    await page.untilText('of 2 users');
    expect(await page.evaluate(`document.querySelector('input[type=search]').value`)).toBe('ACME');
  });

  it('are turned over, forth and back', async () => {
    const page = await scene.open('#/users?search=user-&sort=user', 'viewer');
    await untilRows(page, ['user-1']);
    await page.click('button', 'next →');
    await untilRows(page, ['user-51', 'user-52']);
    await page.untilText(`51 to ${MANY} of ${MANY} users`);
    expect(
      await page.evaluate(`[...document.querySelectorAll('.pages button')].map((e) => e.disabled)`),
    ).toEqual([false, true]);
    await page.click('button', '← previous');
    await untilRows(page, ['user-1']);
    await page.untilText(`1 to 50 of ${MANY} users`);
  });

  it('follow each look, and keep the place, the focus and what is selected', async () => {
    const page = await scene.open('#/users?search=user-&sort=user', 'viewer');
    await untilRows(page, ['user-1']);
    await page.evaluate(`(() => {
      const row = document.querySelectorAll('tbody tr')[29];
      row.querySelector('th a').focus();
      scrollTo(0, 200);
      getSelection().selectAllChildren(row.querySelector('td:nth-child(5)'));
    })()`);
    const before = await page.evaluate('[scrollY, document.activeElement.innerText, String(getSelection())]');
    // A row that comes before it moves it.
    await publish('user-0', 7);
    await untilRows(page, ['user-0', 'user-1']);
    expect(
      await page.evaluate('[scrollY, document.activeElement.innerText, String(getSelection())]'),
    ).toEqual(before);
  });

  it('keep the focus on a row that moves to another place', async () => {
    const page = await scene.open('#/users?search=user-&sort=backlog', 'viewer');
    await page.until(`document.querySelectorAll('tbody tr').length === 50`);
    const last = (await names(page)).at(-1)!;
    await page.evaluate(`[...document.querySelectorAll('tbody th a')].at(-1).focus({ preventScroll: true })`);
    await publish(last, 30);
    await untilRows(page, [last]);
    expect(await page.evaluate('document.activeElement.innerText')).toBe(last);
    expect(await page.evaluate('scrollY')).toBe(0);
  });

  it('of whom something is to be said can be chosen, and their policy is told', async () => {
    const headers = { ...scene.as.operator, 'if-match': '*' };
    const { status, text } = await ask(scene.server, '/v1/policy/users/carol', {
      method: 'PUT',
      headers,
      body: { cap: 5, weight: 2, paused: true },
    });
    expect(status, text).toBe(200);
    const page = await scene.open('#/users', 'viewer');
    await page.untilText('users', '[role=status]');
    await page.choose('select', 'paused');
    await untilRows(page, ['carol']);
    await page.untilText('paused', '.labels');
    await page.untilText('1 to 1 of 1 user');
    expect(await page.texts('tbody td:last-child')).toEqual(['weight 2, cap 5, paused']);
    expect(await address(page)).toBe('#/users?attention=paused');
  });

  it('of a tenant are reached from it, and the tenant from them', async () => {
    const page = await scene.open('#/users', 'viewer');
    await page.click('a', 'tenants');
    await page.untilText('Tenants', 'h1');
    await page.click('tbody th a', 'acme');
    await page.untilText('Tenant acme', 'h1');
    const { json } = await ask(scene.server, '/v1/tenants/acme', { headers: scene.as.viewer });
    await page.untilText(String(json.backlog), '.cards');
    await page.click('a', 'its users');
    await page.untilText('of 2 users');
    await page.click('tbody th a', 'acme/bob');
    await page.click('a', 'acme');
    await page.untilText('Tenant acme', 'h1');
  });

  it('are text, whatever their names', async () => {
    const page = await scene.open('#/users?sort=user&order=asc', 'viewer');
    for (const name of HOSTILE_IN_PAGES) {
      const shown = name.replace('\u202e', '\\u{202e}').replaceAll('\u200d', '\\u{200d}');
      await page.moveTo(`#/users?${new URLSearchParams({ search: name })}`);
      await untilRows(page, [shown]);
      await page.click('tbody th a', shown);
      await page.untilText(shown, 'h1');
      await page.until(`document.title.startsWith('User ') && document.title.endsWith(' · fairq')`);
      expect(await page.evaluate(`document.title.includes('\\u202e')`)).toBe(false);
    }
    expect(
      await page.evaluate(`document.querySelectorAll('main img, main svg[onload], main script').length`),
    ).toBe(0);
  });

  it.each(['light', 'dark'] as const)('keep nobody from using them, in the %s', async (scheme) => {
    const page = await scene.open('#/users', 'operator');
    await page.prefer(scheme);
    await page.untilText('users', '[role=status]');
    expect(await axeFindings(page)).toEqual([]);
    await page.moveTo('#/tenants');
    await page.untilText('tenants', '[role=status]');
    expect(await axeFindings(page)).toEqual([]);
  });

  it('fit a small screen', async () => {
    const page = await scene.open('#/users', 'viewer');
    await page.resize(360, 700);
    await page.untilText('users', '[role=status]');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  });
});
