import type { Agent, ClientRequest, request } from 'node:http';
import type { Socket } from 'node:net';
import type { TlsOptions } from '../connection/address.js';

/** Milliseconds. A connection that nobody uses is closed, long before the broker closes it (after a minute). */
const IDLE_MS = 4_000;

/** Milliseconds. A host that takes no connection is given up sooner than a broker that is slow to answer. */
const CONNECT_WITHIN_MS = 10_000;

export interface HttpQuestion {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

export interface HttpReply {
  readonly status: number;
  /** The `date` header, or an empty text. */
  readonly date: string;
  readonly text: string;
}

/** What is loaded for http: or https:. */
interface Protocol {
  readonly agent: Agent;
  readonly request: typeof request;
}

/** Asks over HTTP, and keeps connections for the next questions. An idle one keeps no process from its end. */
export class HttpClient {
  readonly #protocols = new Map<string, Promise<Protocol>>();
  readonly #asking = new Set<ClientRequest>();
  readonly #connecting = new Set<Socket>();
  #isClosed = false;

  /** @param answerWithinMs what says nothing for so long is not there */
  constructor(
    private readonly tls: TlsOptions,
    private readonly answerWithinMs: number,
    private readonly connectWithinMs = CONNECT_WITHIN_MS,
  ) {}

  /** Loads what asks there, for whoever asks soon. Where that fails, the first question does. */
  prepare(url: string): void {
    this.#protocolOf(url).catch(() => {});
  }

  /** Rejects where nothing answers, as Node's sockets, TLS and HTTP parser do. Follows no redirect. */
  async ask(url: string, { method, headers, body }: HttpQuestion): Promise<HttpReply> {
    const { agent, request } = await this.#protocolOf(url);
    if (this.#isClosed) throw closed();
    return new Promise((resolve, reject) => {
      const asking = request(url, { agent, method, headers, timeout: this.answerWithinMs }, (reply) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('error', reject);
        reply.once('end', () => {
          const { statusCode: status = 0, headers } = reply;
          resolve({ status, date: headers.date ?? '', text: Buffer.concat(chunks).toString('utf8') });
        });
      });
      this.#asking.add(asking);
      asking.once('close', () => this.#asking.delete(asking));
      asking.once('timeout', () => {
        asking.destroy(new Error(`nothing came for ${this.answerWithinMs / 1_000} s`));
      });
      asking.on('error', reject);
      asking.end(body);
    });
  }

  /** Ends without waiting for what was asked, which rejects; so does what is asked from now on. */
  close(): void {
    this.#isClosed = true;
    for (const asking of this.#asking) asking.destroy(closed());
    for (const socket of this.#connecting) socket.destroy(closed());
    for (const protocol of this.#protocols.values()) {
      protocol.then(
        ({ agent }) => agent.destroy(),
        () => {},
      );
    }
  }

  #protocolOf(url: string): Promise<Protocol> {
    const name = url.startsWith('https:') ? 'https' : 'http';
    const protocol = this.#protocols.get(name) ?? this.#load(name);
    this.#protocols.set(name, protocol);
    return protocol;
  }

  async #load(name: 'http' | 'https'): Promise<Protocol> {
    const { Agent, request } = await (name === 'https' ? import('node:https') : import('node:http'));
    const { ca, cert, key, insecure } = this.tls;
    const agent = new Agent({
      keepAlive: true,
      timeout: IDLE_MS,
      ...(ca && { ca }),
      ...(cert && { cert }),
      ...(key && { key }),
      rejectUnauthorized: !insecure,
    });
    // A socket is used once it is connected. Of one that is written to before, TLS tells no more than EPROTO.
    const connect = agent.createConnection.bind(agent);
    agent.createConnection = (options, done) => {
      const socket = connect(options) as Socket;
      this.#untilConnected(socket, name === 'https' ? 'secureConnect' : 'connect').then(
        () => done?.(null, socket),
        (error: Error) => done?.(error, socket),
      );
      return undefined;
    };
    return { agent, request };
  }

  #untilConnected(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
    this.#connecting.add(socket);
    return new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.destroy(new Error(`no connection within ${this.connectWithinMs / 1_000} s`));
      }, this.connectWithinMs);
      socket.once(event, resolve);
      socket.once('error', reject);
      socket.once('close', () => reject(closed()));
      socket.once('close', () => clearTimeout(timer));
      socket.once(event, () => clearTimeout(timer));
    }).finally(() => this.#connecting.delete(socket));
  }
}

function closed(): Error {
  return new Error('the connection was closed');
}
