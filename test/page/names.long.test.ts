import { beforeAll, describe, expect, it } from 'vitest';
import { safeText } from '../../src/render/parts/safe-text.js';
import type { BrowserPage } from '../support/browser-page.js';
import { fairqJson, fairqPartly } from '../support/fairq.js';
import { HOSTILE_IN_PAGES, unsafeIn } from '../support/hostile-names.js';
import { hasBrowser, usePageScene } from '../support/page-scene.js';

const scene = usePageScene();

/** Not "." and "..": no address has them as a part, in whatever way they are written. */
const USERS = [
  ...HOSTILE_IN_PAGES,
  ...['../x?y#z%2F', '%2e%2e/%00', '?', '#/users', 'a b\\c', '&lt;b&gt;'],
  ...['__proto__', 'constructor', 'toString', 'javascript:alert(1)', 'null'],
  ...['\u2066ש\u2069 \u200f', 'line\u2028separator', '🫠🇩🇪👍🏽', 'x'.repeat(244), '\u202e'.repeat(3)],
];
const TASK = '<img src=x onerror=alert(2)>';
const RUN = 'hostile "><svg onload=alert(3)>';
const WORKER = '</td><script>alert(4)</script>';
const REASON = '<iframe srcdoc="<script>parent.alert(5)</script>">';
const ROOTS = ['#/', '#/users', '#/workers', '#/dead', '#/runs', '#/changes', '#/nowhere'];

beforeAll(async () => {
  if (!hasBrowser) return;
  const { env } = scene.vhost;
  for (const user of USERS) {
    await fairqJson(env, 'publish', `--user=${user}`, '--count', '1', '--run', RUN);
    await fairqJson(env, 'publish', `--user=${user}`, '--count', '1', '--run', RUN, '--task', TASK);
  }
  await fairqPartly(env, 'worker', '--exit-when', 'empty', '--name', WORKER, '--max-attempts', '1');
  for (const user of USERS) await fairqJson(env, 'publish', `--user=${user}`, '--count', '2', '--run', RUN);
  for (const user of USERS) await fairqJson(env, 'pause', '--reason', REASON, '--', user);
});

interface Seen {
  readonly title: string;
  /** Of each text and each attribute, but addresses. */
  readonly texts: readonly string[];
  readonly links: readonly string[];
  readonly names: readonly string[];
  /** Elements that a page of ours does not have. */
  readonly foreign: readonly string[];
}

const SEEN = `(() => {
  const all = [...document.documentElement.querySelectorAll('*')];
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  const texts = [document.title];
  while (walker.nextNode()) texts.push(walker.currentNode.data);
  for (const { attributes } of all) for (const { name, value } of attributes) if (name !== 'href') texts.push(value);
  for (const field of document.querySelectorAll('input, textarea')) texts.push(field.value);
  return {
    title: document.title,
    texts,
    links: [...document.querySelectorAll('a')].map((a) => a.getAttribute('href') ?? ''),
    names: [...document.querySelectorAll('.name')].map((e) => e.textContent),
    foreign: all
      .filter((e) => e.matches('img, iframe, object, body script, [srcdoc]') || [...e.attributes].some(({ name }) => name.startsWith('on')))
      .map((e) => e.outerHTML),
  };
})()`;

async function shown(page: BrowserPage, address: string): Promise<Seen> {
  await page.moveTo(address);
  await page.until(`document.querySelector('main h1')`, `a heading at ${address}`);
  await page.untilNoText('Asked; nothing has come yet.');
  return page.evaluate<Seen>(SEEN);
}

/** The view and whom it is about, without how it is sorted. */
function placeOf(link: string): string {
  const [path = '', query = ''] = link.split('?');
  const tab = new URLSearchParams(query).get('tab');
  return tab === null ? path : `${path}?tab=${tab}`;
}

describe.skipIf(!hasBrowser)('names from outside', () => {
  it('are text on every page, and lead where they say', async () => {
    const page = await scene.open('', 'operator');
    await page.until(`document.querySelector('.fresh')?.innerText === 'live'`);
    const left = [...ROOTS, ...USERS.map((user) => `#/users/${encodeURIComponent(user)}`)];
    const visited = new Set<string>();
    const users = new Set<string>();
    for (let address = left.shift(); address !== undefined; address = left.shift()) {
      if (visited.has(placeOf(address))) continue;
      visited.add(placeOf(address));
      const { title, texts, links, foreign } = await shown(page, address);
      expect({ address, foreign }).toEqual({ address, foreign: [] });
      expect({
        address,
        unsafe: texts.filter((text) => unsafeIn(text.replaceAll('\t', '')) !== undefined),
      }).toEqual({
        address,
        unsafe: [],
      });
      expect(title).toContain('fairq');
      for (const link of links) {
        if (link.startsWith('#/')) left.push(link);
        else
          expect({ address, link: new URL(link, scene.server.url).origin }).toEqual({
            address,
            link: new URL(scene.server.url).origin,
          });
        const [, user] = /^#\/users\/([^/?]+)/.exec(link) ?? [];
        if (user !== undefined) users.add(decodeURIComponent(user));
      }
    }
    expect([...users].filter((user) => !USERS.includes(user))).toEqual([]);
    expect([...users].sort()).toEqual([...USERS].sort());
    // Nobody has said whom users belong to, and the list of users asks.
    page.takeErrors(/\/v1\/tenants$/);
    expect(page.errors).toEqual([]);
  });

  it('lead to the page of that user', async () => {
    const page = await scene.open('', 'viewer');
    await page.until(`document.querySelector('.fresh')?.innerText === 'live'`);
    for (const user of USERS) {
      await page.moveTo(`#/users/${encodeURIComponent(user)}`);
      await page.until(
        `[...document.querySelectorAll('h1 .name')].some((e) => e.textContent === ${JSON.stringify(safeText(user))})`,
        `the page of ${JSON.stringify(user)}`,
      );
    }
  });
});
