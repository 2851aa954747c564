import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is in front of the management API, or in its place, does with a request. */
export type FrontMode =
  | 'forwards'
  | 'fails'
  | 'halves'
  | 'says nothing'
  | 'has pages'
  | 'redirects'
  | 'is empty';

/** A reverse proxy in front of the real management API, below a path of its own. */
export class ManagementFront {
  mode: FrontMode = 'forwards';
  /** Requests whose path does not match go through, whatever the mode. */
  affects = /./;
  readonly #server: Server;

  private constructor(
    private readonly target: string,
    private readonly path: string,
  ) {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async to(target: string, path = ''): Promise<ManagementFront> {
    const front = new ManagementFront(target, path);
    front.#server.listen(0, '127.0.0.1');
    await once(front.#server, 'listening');
    return front;
  }

  /** With the path, as one would give it to fairq. */
  get uri(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${this.path}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '', method = 'GET' } = request;
    const mode = this.affects.test(url) ? this.mode : 'forwards';
    if (!url.startsWith(`${this.path}/`) || mode === 'has pages') {
      response.writeHead(404, { 'content-type': 'text/html' }).end('<html><h1>Not here</h1></html>');
    } else if (mode === 'fails') {
      response.writeHead(500).end('Internal\n  Server Error');
    } else if (mode === 'redirects') {
      response.writeHead(302, { location: '/login' }).end();
    } else if (mode === 'is empty') {
      response.writeHead(200).end('{}');
    } else if (mode !== 'says nothing') {
      const answer = await fetch(this.target + url.slice(this.path.length), {
        method,
        headers: { authorization: request.headers.authorization ?? '' },
      });
      const body = Buffer.from(await answer.arrayBuffer());
      response.writeHead(answer.status, { 'content-length': body.length });
      if (mode === 'forwards') response.end(body);
      else response.write(body.subarray(0, body.length / 2), () => response.destroy());
    }
  }
}
