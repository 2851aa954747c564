import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { axeFindings } from '../support/axe.js';
import type { BrowserPage } from '../support/browser-page.js';
import { eventually } from '../support/eventually.js';
import { hasBrowser, usePageScene } from '../support/page-scene.js';
import { ask, useServing } from '../support/serving.js';

const scene = usePageScene();

const untilLive = (page: BrowserPage) => page.until(`document.querySelector('.fresh')?.innerText === 'live'`);
const focused = (page: BrowserPage) =>
  page.evaluate<string>(`document.activeElement.innerText || document.activeElement.tagName`);
/** A stream that is refused or cut, and a question that is refused, are in the console of every browser. */
const NETWORK = /Failed to load resource|net::ERR_/;

describe.skipIf(!hasBrowser)('who opens the page', () => {
  it('signs in with a token, is told where it is wrong, and signs out', async () => {
    const page = await scene.open('#/nowhere');
    await page.untilText('Token');
    expect(await page.evaluate('document.title')).toBe('Sign in · fairq');
    expect(await page.evaluate(`document.activeElement.type`)).toBe('password');
    expect(await axeFindings(page)).toEqual([]);
    await page.fill('input[type=password]', 'fairq_unknown');
    await page.press('Enter');
    await page.untilText('You are not let in: the token is not known', '[role=alert]');
    expect(page.takeErrors(NETWORK)).toHaveLength(1);
    await page.fill('input[type=password]', scene.tokenOf('viewer'));
    await page.press('Enter');
    await untilLive(page);
    expect(await page.texts('.who .name')).toEqual(['viewer']);
    // Where the address leads.
    expect(await page.evaluate('document.title')).toBe('Nothing · fairq');
    expect(await page.evaluate('document.cookie')).toBe('');
    expect(await axeFindings(page)).toEqual([]);
    await page.click('button', 'sign out');
    await page.untilText('Token');
    await page.reload();
    await page.untilText('Token');
  });

  it('is told what it takes where the role is not enough', async () => {
    const page = await scene.open('', 'user');
    await page.untilText('it takes the role “viewer”');
    expect(await axeFindings(page)).toEqual([]);
    await page.click('button', 'Sign out');
    await page.untilText('Token');
  });

  it('is asked again once the token counts no more, and goes on where it was', async () => {
    const page = await scene.open('#/nowhere', 'viewer');
    await untilLive(page);
    const file = scene.folder.file('tokens');
    const tokens = await readFile(file, 'utf8');
    await writeFile(file, tokens.replace(/.*"viewer".*\n/, ''), { mode: 0o600 });
    await page.untilText('Token');
    await page.untilText('You are signed in no more', '[role=alert]');
    await writeFile(file, tokens, { mode: 0o600 });
    await eventually(
      async () => (await ask(scene.server, '/v1/session', { headers: scene.as.viewer })).json.user,
      {
        timeoutMs: 60_000,
        what: 'the token counts again',
      },
    );
    await page.fill('input[type=password]', scene.tokenOf('viewer'));
    await page.press('Enter');
    await untilLive(page);
    expect(await page.evaluate('location.hash')).toBe('#/nowhere');
    page.takeErrors(NETWORK);
  });
});

describe.skipIf(!hasBrowser)('where no token is asked for', () => {
  const open = useServing(scene.vhost.env, '--auth', 'none');
  const behind = useServing(
    scene.vhost.env,
    '--auth',
    'header',
    '--user-header',
    'x-user',
    '--roles-header',
    'x-roles',
    '--trusted-proxy',
    '127.0.0.1',
  );

  it('one is whoever started the server, or any other by name', async () => {
    const page = await scene.openAt(open.url);
    await untilLive(page);
    await page.click('button', 'sign out');
    await page.untilText('Your name');
    expect(await axeFindings(page)).toEqual([]);
    await page.fill('input', 'Zoë 👩‍👩‍👧 <b>');
    await page.press('Enter');
    await untilLive(page);
    expect(await page.texts('.who .name')).toEqual(['Zoë 👩\\u{200d}👩\\u{200d}👧 <b>']);
    await page.reload();
    await untilLive(page);
    expect(await page.texts('.who .name')).toEqual(['Zoë 👩\\u{200d}👩\\u{200d}👧 <b>']);
  });

  it('the proxy in front says who one is', async () => {
    const page = await scene.openAt(behind.url);
    await page.untilText('The proxy in front of this server does not say who you are');
    await page.sendHeaders({ 'x-user': 'proxied', 'x-roles': 'viewer' });
    await page.reload();
    await untilLive(page);
    expect(await page.texts('.who .name')).toEqual(['proxied']);
    expect(await page.texts('.who button')).toEqual(['?']);
  });
});

describe.skipIf(!hasBrowser)('a keyboard', () => {
  it('reaches everything, and says what its keys do', async () => {
    const page = await scene.open('', 'viewer');
    await untilLive(page);
    expect(await page.evaluate('document.activeElement.tagName')).toBe('BODY');
    await page.press('Tab');
    expect(await focused(page)).toBe('to the content');
    await page.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    // The address is that of a view, and stays it.
    expect(await page.evaluate('location.hash')).toBe('');
    await page.click('button', 'keys');
    await page.untilText('these keys', 'dialog');
    expect(await axeFindings(page)).toEqual([]);
    await page.press('w');
    expect(await page.evaluate('location.hash')).toBe('');
    await page.press('Escape');
    await page.until(`document.querySelector('dialog') === null`);
    expect(await page.evaluate(`document.activeElement.getAttribute('aria-label')`)).toBe('keys');
    await page.press('?');
    await page.untilText('these keys', 'dialog');
    await page.press('Escape');
    await page.until(`document.querySelector('dialog') === null`);
    for (const [key, hash, title] of [
      ['u', '#/users', 'Users'],
      ['w', '#/workers', 'Workers'],
      ['d', '#/dead', 'Dead letters'],
      ['r', '#/runs', 'Runs'],
      ['c', '#/changes', 'Changes'],
      ['o', '#/', 'Overview'],
    ] as const) {
      await page.press(key);
      await page.until(`location.hash === '${hash}'`);
      await page.until(`document.querySelector('nav [aria-current=page]')?.innerText === '${title}'`);
    }
    await page.until(`document.title === 'Overview · fairq'`);
    await page.press('/');
    await page.until(`location.hash.startsWith('#/users')`);
  });

  it('shows where it is', async () => {
    const page = await scene.open('', 'viewer');
    await untilLive(page);
    await page.press('Tab');
    await page.press('Tab');
    const outline = `getComputedStyle(document.activeElement).outlineStyle`;
    expect(await page.evaluate(outline)).toBe('solid');
  });
});

describe.skipIf(!hasBrowser)('a page', () => {
  it('asks for nothing while it is hidden, and is there again when it is seen', async () => {
    const page = await scene.open('', 'viewer');
    await untilLive(page);
    await page.hide();
    await eventually(() => page.openStreams === 0, { timeoutMs: 60_000, what: 'the stream is closed' });
    const asked = page.requests.length;
    // The server has told others of several looks meanwhile.
    const other = await scene.open('', 'viewer');
    await untilLive(other);
    await other.evaluate(`new Promise((resolve) => {
      const source = new EventSource('v1/live');
      let looks = 0;
      source.addEventListener('look', () => { if (++looks === 3) { source.close(); resolve(); } });
    })`);
    expect(page.requests.length).toBe(asked);
    await page.show();
    await untilLive(page);
    expect(page.requests.length).toBeGreaterThan(asked);
  });

  it('keeps what it shows while the server restarts, says so, and goes on by itself', async () => {
    const page = await scene.open('', 'viewer');
    await untilLive(page);
    await page.evaluate(`document.querySelector('main').dataset.mark = 'the same'`);
    await scene.restart(async () => {
      // The last look has come: the server has ended.
      const shown = await page.texts('main');
      expect(shown[0]).toContain('To look at');
      await page.untilText('The server does not answer', '.fresh');
      expect(await page.texts('main')).toEqual(shown);
      await page.untilText('As it was', '.fresh');
    });
    await untilLive(page);
    expect(await page.evaluate(`document.querySelector('main').dataset.mark`)).toBe('the same');
    page.takeErrors(NETWORK);
  });

  it('follows an address that changes while it is being shown', async () => {
    const page = await scene.open('', 'viewer');
    await page.evaluateFirst(`new MutationObserver((_, observer) => {
      if (document.querySelector('main') === null) return;
      observer.disconnect();
      location.hash = '#/users';
    }).observe(document, { childList: true, subtree: true })`);
    await page.reload();
    await page.untilText('Users', 'h1');
  });

  it('is as wide as the window, from a phone to a wall', async () => {
    const page = await scene.open('', 'viewer');
    await untilLive(page);
    for (const width of [360, 768, 1280, 1920]) {
      await page.resize(width, 800);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    }
    await page.prefer('dark');
    expect(await axeFindings(page)).toEqual([]);
  });

  it('does not move what it shows for whom that troubles', async () => {
    const page = await scene.open('', 'viewer');
    await page.preferMotion('reduce');
    await untilLive(page);
    const moved = `[...document.querySelectorAll('*')].filter((e) => getComputedStyle(e).transitionDuration !== '0s' || getComputedStyle(e).animationName !== 'none').length`;
    expect(await page.evaluate(moved)).toBe(0);
  });

  it('has a title, names for what it shows, and nothing that others may frame', async () => {
    const { headers } = await ask(scene.server, '/');
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  });
});
