import { eventually } from './eventually.js';
import type { Serving } from './serving.js';

export interface HeardEvent {
  readonly event: string;
  /** The last id that the client has, as a browser keeps it. */
  readonly id: string | undefined;
  readonly data: Record<string, unknown>;
}

export interface EventsAsked {
  readonly headers: Readonly<Record<string, string>>;
  readonly lastId?: string | undefined;
}

/** Reads server-sent events as a browser does. */
export class EventClient {
  readonly events: HeardEvent[] = [];
  lastId: string | undefined;
  retryMs: number | undefined;
  comments = 0;
  hasEnded = false;
  readonly #stop = new AbortController();
  #begun = '';

  private constructor(readonly response: Response) {}

  static async open(
    serving: Pick<Serving, 'url'>,
    path: string,
    { headers, lastId }: EventsAsked,
  ): Promise<EventClient> {
    const stop = new AbortController();
    const response = await fetch(serving.url + path, {
      headers: { ...headers, ...(lastId !== undefined && { 'last-event-id': lastId }) },
      signal: stop.signal,
    });
    const client = new EventClient(response);
    client.lastId = lastId;
    client.#stop.signal.addEventListener('abort', () => stop.abort());
    void client.#read();
    return client;
  }

  /** What came after the last event, such as a problem. */
  get rest(): string {
    return this.#begun;
  }

  async says(isThere: (client: this) => boolean): Promise<void> {
    await eventually(() => isThere(this), {
      timeoutMs: 60_000,
      what: () => `${isThere}: ${this.response.status} ${JSON.stringify(this.events)}`,
    });
  }

  /** Resolves with the events when there are so many. */
  async has(count: number): Promise<readonly HeardEvent[]> {
    await eventually(() => this.events.length >= count, {
      timeoutMs: 60_000,
      what: () => `${count} events: ${this.response.status} ${JSON.stringify(this.events)}`,
    });
    return this.events;
  }

  /** Resolves when the server has ended the stream. */
  async ended(): Promise<readonly HeardEvent[]> {
    await eventually(() => this.hasEnded, {
      timeoutMs: 60_000,
      what: () => `the end of the stream: ${JSON.stringify(this.events)}`,
    });
    return this.events;
  }

  close(): void {
    this.#stop.abort();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of this.response.body ?? []) {
        this.#begun += decoder.decode(chunk as Uint8Array, { stream: true });
        const blocks = this.#begun.split('\n\n');
        this.#begun = blocks.pop()!;
        for (const block of blocks) this.#hear(block);
      }
    } catch {
      // cut off, by one end or the other
    }
    this.hasEnded = true;
  }

  #hear(block: string): void {
    const fields = new Map(
      block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
    );
    if (fields.has('')) this.comments++;
    if (fields.has('retry')) this.retryMs = Number(fields.get('retry'));
    this.lastId = fields.get('id') ?? this.lastId;
    const data = fields.get('data');
    if (data === undefined) return;
    this.events.push({ event: fields.get('event') ?? 'message', id: this.lastId, data: JSON.parse(data) });
  }
}
