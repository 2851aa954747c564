import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import connect, { type Client } from 'chrome-remote-interface';
import { endsWithTests } from './ends-with-tests.js';
import { eventually } from './eventually.js';

const PROGRAMS = [process.env.FAIRQ_CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome'];

/** The browser of this machine, if it has one. */
export function findChromium(): string | undefined {
  return PROGRAMS.find((program) => program && spawnSync(program, ['--version']).status === 0);
}

/** A page that is open in a real browser, without a window. */
export class BrowserPage {
  /** Errors of the page, and of its console. */
  readonly errors: string[] = [];
  /** What it asked for beside itself. */
  readonly requests: string[] = [];

  private constructor(
    private readonly browser: ChildProcess,
    private readonly folder: string,
    private readonly client: Client,
  ) {}

  static async open(program: string, file: string): Promise<BrowserPage> {
    const folder = mkdtempSync(join(tmpdir(), 'fairq-chromium-'));
    const flags = [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
    ];
    const offline = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
    const browser = endsWithTests(
      spawn(
        program,
        [...flags, ...offline, '--remote-debugging-port=0', `--user-data-dir=${folder}`, 'about:blank'],
        { detached: true, stdio: ['ignore', 'ignore', 'pipe'] },
      ),
    );
    let said = '';
    browser.stderr!.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
    const port = await eventually(async () => /DevTools listening on ws:\/\/[^:]+:(\d+)/.exec(said)?.[1], {
      timeoutMs: 60_000,
      what: 'the browser listens',
    });
    const client = await connect({ port: Number(port) });
    const page = new BrowserPage(browser, folder, client);
    client.on('Runtime.exceptionThrown', ({ exceptionDetails }) => {
      page.errors.push(exceptionDetails.exception?.description ?? exceptionDetails.text);
    });
    client.on('Log.entryAdded', ({ entry }) => {
      if (entry.level === 'error' || entry.level === 'warning') page.errors.push(entry.text);
    });
    client.on('Runtime.consoleAPICalled', ({ type, args }) => {
      if (type === 'error') page.errors.push(args.map(({ value }) => String(value)).join(' '));
    });
    client.on('Network.requestWillBeSent', ({ request }) => {
      if (!request.url.startsWith('data:')) page.requests.push(request.url);
    });
    const { Page, Runtime, Log, Network } = client;
    await Promise.all([Page.enable(), Runtime.enable(), Log.enable(), Network.enable({})]);
    const loaded = new Promise<void>((resolve) => client.on('Page.loadEventFired', () => resolve()));
    await Page.navigate({ url: pathToFileURL(file).href });
    await loaded;
    page.requests.shift(); // itself
    return page;
  }

  /** What an expression comes to in the page. */
  async evaluate<Value>(expression: string): Promise<Value> {
    const { result, exceptionDetails } = await this.client.Runtime.evaluate({
      expression,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value as Value;
  }

  async resize(width: number, height: number): Promise<void> {
    await this.client.Emulation.setDeviceMetricsOverride({
      width,
      height,
      deviceScaleFactor: 1,
      mobile: false,
    });
  }

  async prefer(scheme: 'light' | 'dark'): Promise<void> {
    await this.client.Emulation.setEmulatedMedia({
      features: [{ name: 'prefers-color-scheme', value: scheme }],
    });
  }

  async close(): Promise<void> {
    const ended = once(this.browser, 'exit');
    await this.client.Browser.close().catch(() => {}); // it may hang up before it answers
    await ended;
    await this.client.close().catch(() => {}); // it has
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
