import { afterAll, afterEach, beforeAll } from 'vitest';
import type { BrowserPage } from './browser-page.js';
import { Browser, chromiumForTests } from './chromium.js';
import type { TestFolder } from './folder.js';
import { useFolder } from './folder.js';
import { ask, type RoleHeaders, type Serving, startServing, writeTokens } from './serving.js';
import { type TestVhost, useVhost } from './vhost.js';

export type PageRole = keyof RoleHeaders;

/** `describe.skipIf(!hasBrowser)`; where it is false that has been said. */
export const chromium = chromiumForTests('the page in a browser');
export const hasBrowser = chromium !== undefined;

/** A vhost, a real `fairq serve` with a token for each role, and a browser: one of each for a test file. */
export interface PageScene {
  readonly vhost: TestVhost;
  readonly folder: TestFolder;
  readonly server: Serving;
  /** The header that says who asks, for `ask` of the API. */
  readonly as: RoleHeaders;
  /** The token itself, to type it. */
  tokenOf(role: PageRole): string;
  readonly browser: Browser;
  /**
   * A page of somebody who is signed in; without a role of nobody. It is closed after the test, and must have had no error,
   * nor asked for anything elsewhere: an error that belongs to the test is taken by `takeErrors`.
   *
   * @param hash such as `#/users`
   */
  open(hash?: string, role?: PageRole): Promise<BrowserPage>;
  /** The same of another server. @param url whole */
  openAt(url: string): Promise<BrowserPage>;
  /** Stops the server, and starts it again at the same address; gives what lies between for the asking. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
}

export function usePageScene(...flags: readonly string[]): PageScene {
  const vhost = useVhost();
  const folder = useFolder();
  const pages = new Set<BrowserPage>();
  const scene = {} as { server: Serving; as: RoleHeaders; browser: Browser };
  const tokenOf = (role: PageRole) => scene.as[role].authorization!.replace('Bearer ', '');
  const start = (port: string) =>
    startServing(
      vhost.env,
      ...['--auth', 'tokens', '--tokens-file', folder.file('tokens'), ...flags, '--port', port],
    );
  const newPage = async () => {
    const page = await scene.browser.page();
    pages.add(page);
    return page;
  };
  const stop = async () => {
    scene.server.process.signal('SIGTERM');
    await scene.server.process.ended;
  };

  beforeAll(async () => {
    if (chromium === undefined) return;
    scene.as = await writeTokens(folder.file('tokens'));
    [scene.server, scene.browser] = await Promise.all([start('0'), Browser.start(chromium)]);
  });
  afterEach(async () => {
    const faults = [...pages].flatMap((page) => [
      ...page.errors,
      ...page.foreignRequests.map((url) => `it has asked for ${url}`),
    ]);
    await Promise.all([...pages].map((page) => page.close()));
    pages.clear();
    if (faults.length > 0) throw new Error(`faults of the page:\n${faults.join('\n')}`);
  });
  afterAll(async () => {
    if (chromium === undefined) return;
    await scene.browser.close();
    await stop();
  });

  return {
    vhost,
    folder,
    get server() {
      return scene.server;
    },
    get as() {
      return scene.as;
    },
    get browser() {
      return scene.browser;
    },
    tokenOf,
    open: async (hash = '', role) => {
      const { server } = scene;
      const page = await newPage();
      if (role !== undefined) {
        const body = { secret: tokenOf(role) };
        const { headers } = await ask(server, '/v1/session', { body });
        await page.setCookie(server.url, headers.get('set-cookie')!);
      }
      await page.go(`${server.url}/${hash}`);
      return page;
    },
    openAt: async (url) => {
      const page = await newPage();
      await page.go(url);
      return page;
    },
    restart: async (meanwhile) => {
      const { port } = new URL(scene.server.url);
      await stop();
      try {
        await meanwhile?.();
      } finally {
        scene.server = await start(port); // the tests after this one need it
      }
    },
  };
}
