import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll } from 'vitest';
import { eventually } from './eventually.js';

/** A finished span, as an SDK has sent it. */
export interface CollectedSpan {
  readonly name: string;
  /** 1 internal, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** Of what was recorded on it. */
  readonly events: readonly string[];
  /** `code` 2 is an error. */
  readonly status: { readonly code?: number; readonly message?: string };
}

/** What takes the spans of SDKs, by OTLP over HTTP in JSON. */
export class TraceCollector {
  readonly spans: CollectedSpan[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer(async (request, response) => {
      this.#take(JSON.parse(await text(request)));
      response.setHeader('content-type', 'application/json').end('{}');
    });
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** For a process whose spans are to come here. */
  get env(): Record<string, string> {
    const { port } = this.#server.address() as AddressInfo;
    return { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_BSP_SCHEDULE_DELAY: '50' };
  }

  /** All spans of this name and task, as soon as there are so many. */
  of(name: string, id: string, count = 1): Promise<CollectedSpan[]> {
    return eventually(
      () => {
        const found = this.spans.filter(
          (span) => span.name === name && span.attributes['messaging.message.id'] === id,
        );
        return found.length >= count && found;
      },
      {
        timeoutMs: 60_000,
        what: () => `${count} spans "${name}" of ${id}; there are ${JSON.stringify(this.spans)}`,
      },
    );
  }

  #take({ resourceSpans }: Sent): void {
    for (const { scopeSpans } of resourceSpans)
      for (const { spans } of scopeSpans) this.spans.push(...spans.map(collected));
  }
}

interface SentSpan extends Omit<CollectedSpan, 'attributes' | 'links' | 'events'> {
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
  readonly links?: CollectedSpan['links'];
  readonly events?: readonly { readonly name: string }[];
}

interface Sent {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
}

function collected({ attributes, links = [], events = [], ...span }: SentSpan): CollectedSpan {
  return {
    ...span,
    attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]])),
    links: links.map(({ traceId, spanId }) => ({ traceId, spanId })),
    events: events.map(({ name }) => name),
  };
}

export function useTraceCollector(): TraceCollector {
  const collector = new TraceCollector();
  beforeAll(() => collector.open());
  afterAll(() => collector.close());
  return collector;
}
