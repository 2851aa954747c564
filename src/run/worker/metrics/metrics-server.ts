import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf, usageError } from '../../../core/errors/errors.js';

interface MetricsText {
  readonly contentType: string;
  text(): Promise<string>;
}

/** Why a worker cannot be given tasks now, in words; undefined where it can. */
export type Readiness = () => string | undefined;

const PATHS = 'GET /metrics, /livez or /readyz\n';

/**
 * Answers `GET /metrics`, and the probes of a supervisor. `/livez` says that the process answers, and no more:
 * a worker whose broker is away is to wait for it and not to be started again. `/readyz` says whether it consumes.
 */
export class MetricsServer {
  private constructor(private readonly server: Server) {}

  /** @param port 0 for one that is free */
  static async listen(
    metrics: MetricsText,
    readiness: Readiness,
    host: string,
    port: number,
  ): Promise<MetricsServer> {
    const server = createServer((request, response) => {
      const answer = (status: number, text: string, contentType = 'text/plain') =>
        response.writeHead(status, { 'content-type': contentType }).end(text);
      const path = (request.url ?? '').split('?', 1)[0];
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      if (isRead && path === '/livez') answer(200, 'ok\n');
      else if (isRead && path === '/readyz') {
        const reason = readiness();
        answer(reason === undefined ? 200 : 503, `${reason ?? 'ok'}\n`);
      } else if (isRead && path === '/metrics') {
        metrics.text().then(
          (text) => answer(200, text, metrics.contentType),
          (error) => answer(500, `${messageOf(error)}\n`),
        );
      } else answer(404, PATHS);
    });
    server.listen(port, host);
    try {
      await once(server, 'listening');
    } catch (error) {
      throw usageError('METRICS_PORT', `--metrics-port ${port} on ${host}: ${messageOf(error)}`, {
        hint: 'Give a port that is free, 0 for any, and with --metrics-host an address of this machine.',
        cause: error,
      });
    }
    return new MetricsServer(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
