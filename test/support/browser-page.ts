import type { Client } from 'chrome-remote-interface';
import { eventually } from './eventually.js';
import { keyEvents } from './keyboard.js';

/** For a busy machine. */
const WAIT_MS = 60_000;
const SHOWN_CHARACTERS = 1_500;

/**
 * What a test does to a page and sees of it, as a person would: a real browser shows it, and real events of mouse and
 * keyboard reach it. Whatever a test wants to click or to read is waited for.
 *
 * A `selector` is one of CSS. Where a `text` is given too, it is the name that the element goes by: its text, or its
 * `aria-label`, whole.
 */
export class BrowserPage {
  /** Errors of the page, and errors and warnings of its console. */
  readonly errors: string[] = [];
  /** Addresses that it asked for beside itself. */
  readonly requests: string[] = [];
  /** Events that its streams have told. */
  events = 0;
  /** Event streams that are open, by the request. */
  readonly #streams = new Set<string>();
  #origin = '';
  #media: Record<string, string> = {};

  private constructor(
    readonly client: Client,
    private readonly onClose: () => Promise<void>,
  ) {}

  static async over(client: Client, onClose: () => Promise<void>): Promise<BrowserPage> {
    const page = new BrowserPage(client, onClose);
    const { errors } = page;
    client.on('Runtime.exceptionThrown', ({ exceptionDetails }) => {
      errors.push(exceptionDetails.exception?.description ?? exceptionDetails.text);
    });
    client.on('Log.entryAdded', ({ entry: { level, text, url } }) => {
      if (level === 'error' || level === 'warning') errors.push(url === undefined ? text : `${text} ${url}`);
    });
    client.on('Runtime.consoleAPICalled', ({ type, args }) => {
      if (type === 'error') errors.push(args.map(({ value }) => String(value)).join(' '));
    });
    client.on('Page.javascriptDialogOpening', ({ message }) => {
      errors.push(`it has asked: ${message}`);
      void client.Page.handleJavaScriptDialog({ accept: false });
    });
    client.on('Network.requestWillBeSent', ({ request, requestId, loaderId, type }) => {
      if (type === 'EventSource') page.#streams.add(requestId);
      const isItself = requestId === loaderId;
      if (!isItself && !request.url.startsWith('data:')) page.requests.push(request.url);
    });
    client.on('Network.eventSourceMessageReceived', () => {
      page.events++;
    });
    client.on('Network.loadingFinished', ({ requestId }) => page.#streams.delete(requestId));
    client.on('Network.loadingFailed', ({ requestId }) => page.#streams.delete(requestId));
    const { Page, Runtime, Log, Network } = client;
    await Promise.all([Page.enable(), Runtime.enable(), Log.enable(), Network.enable({})]);
    return page;
  }

  /** Loads an address. Another part after the `#` of the same is no load: `moveTo` does that. */
  async go(url: string): Promise<void> {
    this.#origin = new URL(url).origin;
    await this.#loaded(() => this.client.Page.navigate({ url }));
  }

  async reload(): Promise<void> {
    await this.#loaded(() => this.client.Page.reload({}));
  }

  /** @param hash such as `#/users` */
  async moveTo(hash: string): Promise<void> {
    await this.evaluate(`void (location.hash = ${JSON.stringify(hash)})`);
  }

  async #loaded(act: () => Promise<unknown>): Promise<void> {
    const loaded = this.client.Page.loadEventFired();
    await act();
    await loaded;
  }

  /** As a server has said it in `Set-Cookie`. */
  async setCookie(url: string, header: string): Promise<void> {
    const [pair = ''] = header.split(';');
    const at = pair.indexOf('=');
    const { success } = await this.client.Network.setCookie({
      url,
      name: pair.slice(0, at),
      value: pair.slice(at + 1),
      httpOnly: true,
      sameSite: 'Strict',
    });
    if (!success) throw new Error(`the browser keeps no such cookie: ${header}`);
  }

  /** With each request from now on, as a proxy in front adds them. */
  async sendHeaders(headers: Readonly<Record<string, string>>): Promise<void> {
    await this.client.Network.setExtraHTTPHeaders({ headers });
  }

  async clearCookies(): Promise<void> {
    await this.client.Network.clearBrowserCookies();
  }

  /** What an expression comes to in the page. One that comes later is waited for. */
  async evaluate<Value>(expression: string): Promise<Value> {
    const { result, exceptionDetails } = await this.client.Runtime.evaluate({
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value as Value;
  }

  /** Lets each document that is loaded from now on begin with this. */
  async evaluateFirst(source: string): Promise<void> {
    await this.client.Page.addScriptToEvaluateOnNewDocument({ source });
  }

  /** Waits until an expression comes to something true in the page, and gives that. */
  async until<Value>(expression: string, what = expression): Promise<Value> {
    let shown = '';
    try {
      return await eventually(() => this.evaluate<Value>(`(${expression}) || null`), {
        timeoutMs: WAIT_MS,
        what,
      });
    } catch (error) {
      shown = await this.evaluate<string>(`document.body.innerText`).catch(() => 'nothing');
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`${message} The page shows: ${shown.slice(0, SHOWN_CHARACTERS)}`, { cause: error });
    }
  }

  /** Waits until a text is to be read. */
  async untilText(text: string, selector = 'body'): Promise<void> {
    await this.until(
      `[...document.querySelectorAll(${JSON.stringify(selector)})].some((e) => e.innerText.includes(${JSON.stringify(text)}))`,
      `“${text}” in ${selector}`,
    );
  }

  /** Waits until a text is not to be read any more. */
  async untilNoText(text: string, selector = 'body'): Promise<void> {
    await this.until(
      `![...document.querySelectorAll(${JSON.stringify(selector)})].some((e) => e.innerText.includes(${JSON.stringify(text)}))`,
      `“${text}” to go from ${selector}`,
    );
  }

  /** Of all these, what is to be read. */
  texts(selector: string): Promise<string[]> {
    return this.evaluate(
      `[...document.querySelectorAll(${JSON.stringify(selector)})].map((e) => e.innerText)`,
    );
  }

  /**
   * Waits for an element that can be clicked: it is seen, it is not disabled, and nothing lies above it. A click that would
   * hit something else, since the page has moved meanwhile, is kept from the page and tried again.
   */
  async click(selector: string, text?: string): Promise<void> {
    const what = `a ${selector}${text === undefined ? '' : ` named “${text}”`} to click`;
    await eventually(() => this.#tryToClick(selector, text, what), { timeoutMs: WAIT_MS, what });
  }

  async #tryToClick(selector: string, text: string | undefined, what: string): Promise<boolean> {
    const at = await this.until<{ x: number; y: number }>(
      `(() => {
        const all = [...document.querySelectorAll(${JSON.stringify(selector)})];
        const named = ${nameOf(text)};
        const found = all.find((e) => named(e) && !e.disabled && e.getClientRects().length > 0);
        if (!found) return null;
        found.scrollIntoView({ block: 'center', inline: 'nearest', behavior: 'instant' });
        const { x, y, width, height } = found.getClientRects()[0];
        const at = { x: x + width / 2, y: y + height / 2 };
        const above = document.elementFromPoint(at.x, at.y);
        // What surrounds it does the same only where it is a label or the like: a click beside a link in its cell does nothing.
        const hits = (e) => found.contains(e) || (e.contains(found) && e.matches('a, button, label, summary'));
        if (!above || !hits(above)) return null;
        window.aimedClick?.end();
        const aim = (window.aimedClick = { hit: false, end: () => kinds.forEach((kind) => removeEventListener(kind, judge, true)) });
        const kinds = ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click'];
        const judge = (event) => {
          if (event.target instanceof Element && hits(event.target) && !found.disabled) {
            if (event.type === 'click') aim.hit = true;
          } else {
            event.preventDefault();
            event.stopImmediatePropagation();
          }
        };
        kinds.forEach((kind) => addEventListener(kind, judge, true));
        return at;
      })()`,
      what,
    );
    const { Input } = this.client;
    const button = { ...at, button: 'left', clickCount: 1 } as const;
    await Input.dispatchMouseEvent({ type: 'mouseMoved', ...at });
    await Input.dispatchMouseEvent({ type: 'mousePressed', ...button });
    await Input.dispatchMouseEvent({ type: 'mouseReleased', ...button });
    // Where the click has led to another document there is none.
    return this.evaluate<boolean>(`(() => {
      const aim = window.aimedClick;
      if (!aim) return true;
      delete window.aimedClick;
      aim.end();
      return aim.hit;
    })()`);
  }

  /** Clicks into a field and types this in place of what stands there. */
  async fill(selector: string, value: string): Promise<void> {
    await this.click(selector);
    await this.evaluate(`document.activeElement.select?.()`);
    if (value === '') await this.press('Backspace');
    else await this.client.Input.insertText({ text: value });
  }

  /** For a `select`, a date, or a time: sets the value, and tells the page as if it had been chosen. */
  async choose(selector: string, value: string): Promise<void> {
    await this.until(`document.querySelector(${JSON.stringify(selector)}) !== null`, selector);
    await this.evaluate(`(() => {
      const field = document.querySelector(${JSON.stringify(selector)});
      Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value').set.call(field, ${JSON.stringify(value)});
      field.dispatchEvent(new Event('input', { bubbles: true }));
      field.dispatchEvent(new Event('change', { bubbles: true }));
    })()`);
  }

  /** @param key such as `a`, `?`, `Enter`, `Escape`, `Tab`, `Shift+Tab` */
  async press(key: string): Promise<void> {
    for (const event of keyEvents(key)) await this.client.Input.dispatchKeyEvent(event);
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
    await this.#emulate('prefers-color-scheme', scheme);
  }

  async preferMotion(motion: 'reduce' | 'no-preference'): Promise<void> {
    await this.#emulate('prefers-reduced-motion', motion);
  }

  async #emulate(name: string, value: string): Promise<void> {
    this.#media = { ...this.#media, [name]: value };
    const features = Object.entries(this.#media).map(([name, value]) => ({ name, value }));
    await this.client.Emulation.setEmulatedMedia({ features });
  }

  /** Tells the page that it is not seen, as when another tab is in front of it. */
  async hide(): Promise<void> {
    await this.#seen(false);
  }

  async show(): Promise<void> {
    await this.#seen(true);
  }

  /** A browser without a window has no tab that hides another, so it is told in its place. */
  async #seen(isSeen: boolean): Promise<void> {
    await this.evaluate(`(() => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${!isSeen} });
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => '${isSeen ? 'visible' : 'hidden'}' });
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    })()`);
  }

  /** What it has asked for elsewhere. */
  get foreignRequests(): string[] {
    return this.requests.filter((url) => new URL(url).origin !== this.#origin);
  }

  /** How many event streams it follows, or tries to. */
  get openStreams(): number {
    return this.#streams.size;
  }

  /** Takes away the errors that a test has expected, and gives them. */
  takeErrors(pattern: RegExp): string[] {
    const taken = this.errors.filter((error) => pattern.test(error));
    const left = this.errors.filter((error) => !pattern.test(error));
    this.errors.splice(0, this.errors.length, ...left);
    return taken;
  }

  /** Bytes in use by the page's script once all garbage has gone. */
  async usedBytes(): Promise<number> {
    await this.client.HeapProfiler.collectGarbage();
    return (await this.client.Runtime.getHeapUsage()).usedSize;
  }

  /** Nodes, listeners and documents that the page has, once all garbage has gone. */
  async counts(): Promise<{ nodes: number; listeners: number; documents: number }> {
    await this.client.HeapProfiler.collectGarbage();
    const { nodes, jsEventListeners, documents } = await this.client.Memory.getDOMCounters();
    return { nodes, listeners: jsEventListeners, documents };
  }

  /** A picture as PNG. */
  async picture(): Promise<Buffer> {
    const { data } = await this.client.Page.captureScreenshot({ format: 'png' });
    return Buffer.from(data, 'base64');
  }

  close(): Promise<void> {
    return this.onClose();
  }
}

function nameOf(text: string | undefined): string {
  if (text === undefined) return '() => true';
  const wanted = JSON.stringify(text);
  return `(e) => e.getAttribute('aria-label') === ${wanted} || e.textContent.trim() === ${wanted}`;
}
