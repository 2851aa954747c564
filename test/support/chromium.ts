import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import connect, { type Client } from 'chrome-remote-interface';
import { BrowserPage } from './browser-page.js';
import { endsWithTests } from './ends-with-tests.js';
import { eventually } from './eventually.js';

const PROGRAMS = [process.env.FAIRQ_CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome'];
const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--no-first-run',
  // It asks nobody for anything by itself.
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A page behind another goes on: only `hide` stops it.
  '--disable-renderer-backgrounding',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  // Garbage is collected when it is asked for.
  '--js-flags=--expose-gc',
];

/** The browser of this machine, if it has one. */
export function findChromium(): string | undefined {
  return PROGRAMS.find((program) => program && spawnSync(program, ['--version']).status === 0);
}

/** The same; where there is none, it is said what is not tested. */
export function chromiumForTests(what: string): string | undefined {
  const program = findChromium();
  if (program === undefined) {
    console.error(`NOT RUN: ${what}, for want of Chromium (apt-get install chromium, or FAIRQ_CHROMIUM)`);
  }
  return program;
}

/** A real browser, without a window. Each of its pages is somebody else's: none sees the cookies of another. */
export class Browser {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    private readonly port: number,
    private readonly client: Client,
  ) {}

  static async start(program: string): Promise<Browser> {
    const folder = mkdtempSync(join(tmpdir(), 'fairq-chromium-'));
    const child = endsWithTests(
      spawn(program, [...FLAGS, '--remote-debugging-port=0', `--user-data-dir=${folder}`, 'about:blank'], {
        detached: true,
        stdio: ['ignore', 'ignore', 'pipe'],
      }),
    );
    let said = '';
    child.stderr!.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
    const [target, port] = await eventually(
      async () => /DevTools listening on (ws:\/\/[^:]+:(\d+)\S+)/.exec(said)?.slice(1),
      { timeoutMs: 60_000, what: 'the browser listens' },
    );
    const client = await connect({ port: Number(port), target: target! });
    return new Browser(child, folder, Number(port), client);
  }

  /** A page that shows nothing yet. */
  async page(): Promise<BrowserPage> {
    const { browserContextId } = await this.client.Target.createBrowserContext({});
    const { targetId } = await this.client.Target.createTarget({ url: 'about:blank', browserContextId });
    const client = await connect({ port: this.port, target: targetId });
    return BrowserPage.over(client, async () => {
      await client.close();
      await this.client.Target.disposeBrowserContext({ browserContextId });
    });
  }

  /** A page that has loaded this address. */
  async open(url: string): Promise<BrowserPage> {
    const page = await this.page();
    await page.go(url);
    return page;
  }

  async close(): Promise<void> {
    const ended = once(this.child, 'exit');
    await this.client.Browser.close().catch(() => {}); // it may hang up before it answers
    await ended;
    await this.client.close().catch(() => {}); // it has
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
