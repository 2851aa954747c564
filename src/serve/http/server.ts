import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { messageOf, usageError } from '../../core/errors/errors.js';
import { askingOf } from '../auth/asking.js';
import type { Asking } from '../auth/identity.js';
import { onCutOff } from './connections.js';
import { linger } from './lingering.js';

export interface ServerOptions {
  readonly host: string;
  /** 0 for one that is free. */
  readonly port: number;
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
  readonly mostConnections: number;
  /** The headers have come by then; milliseconds. */
  readonly headersWithinMs: number;
  /** Of a body that comes at once. Whoever asks first whether it may send more is not told to. */
  readonly mostBytes: number;
}

/** An answer that is sent while the body comes. */
const NDJSON = 'application/x-ndjson';
/** A connection on which nothing is asked is closed after so long; a proxy's own limit is usually 60 s. */
const KEEP_ALIVE_MS = 65_000;
/** How often connections are looked at that are late. */
const CHECK_EVERY_MS = 1_000;

/** Listens for HTTP, and hands each request on. */
export class HttpServer {
  private constructor(private readonly server: Server) {}

  /** @throws FairqError (usage) where it cannot listen there */
  static async listen(
    options: ServerOptions,
    fetch: (request: Request, asking: Asking) => Promise<Response>,
  ): Promise<HttpServer> {
    const listener = listenerOf(fetch);
    const common = {
      headersTimeout: options.headersWithinMs,
      requestTimeout: 0, // a batch may take as long as it comes; other bodies have a limit of their own
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: CHECK_EVERY_MS,
    };
    const server =
      options.tls === undefined
        ? createServer(common, listener)
        : createTlsServer({ ...common, ...options.tls }, listener);
    server.maxConnections = options.mostConnections;
    server.on('checkContinue', (incoming, outgoing) => {
      if (Number(incoming.headers['content-length'] ?? 0) <= options.mostBytes) outgoing.writeContinue();
      listener(incoming, outgoing);
    });
    server.listen(options.port, options.host);
    try {
      await once(server, 'listening');
    } catch (error) {
      throw usageError('SERVE_PORT', `--port ${options.port} on ${options.host}: ${messageOf(error)}`, {
        hint: 'Give a port that is free, 0 for any, and with --host an address of this machine.',
        cause: error,
      });
    }
    return new HttpServer(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Resolves when every connection has ended; those that have not within the time are cut off. */
  async close(withinMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    const timer = setTimeout(() => this.server.closeAllConnections(), withinMs);
    this.server.closeIdleConnections();
    await closed;
    clearTimeout(timer);
  }
}

function listenerOf(fetch: (request: Request, asking: Asking) => Promise<Response>): RequestListener {
  const answer = getRequestListener(
    async (request, env) => {
      const { incoming, outgoing } = env as { incoming: IncomingMessage; outgoing: ServerResponse };
      onCutOff(request, () => incoming.socket.destroy());
      const response = await fetch(request, askingOf(incoming));
      // What is left of the body could be anything, and could be without an end.
      if (!incoming.complete) {
        linger(incoming.socket);
        if (response.headers.get('content-type') !== NDJSON) outgoing.shouldKeepAlive = false;
      }
      return response;
    },
    { overrideGlobalObjects: false },
  );
  return (incoming, outgoing) => {
    if (countOf(incoming, 'host') > 1) {
      outgoing.writeHead(400, { connection: 'close' }).end();
      return;
    }
    answer(incoming, outgoing);
  };
}

/** How often a header came: Node keeps the first of those that may come once. */
function countOf({ rawHeaders }: IncomingMessage, name: string): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const header = rawHeaders[at]!;
    if (header.length === name.length && header.toLowerCase() === name) count++;
  }
  return count;
}
