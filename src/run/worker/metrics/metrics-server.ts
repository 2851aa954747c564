import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf, usageError } from '../../../errors.js';

interface MetricsText {
  readonly contentType: string;
  text(): Promise<string>;
}

/** Answers `GET /metrics`, and nothing else. */
export class MetricsServer {
  private constructor(private readonly server: Server) {}

  /** @param port 0 for one that is free */
  static async listen(metrics: MetricsText, host: string, port: number): Promise<MetricsServer> {
    const server = createServer((request, response) => {
      const path = (request.url ?? '').split('?', 1)[0];
      if (path !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD')) {
        response.writeHead(404, { 'content-type': 'text/plain' }).end('GET /metrics\n');
        return;
      }
      metrics.text().then(
        (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
        (error) => response.writeHead(500, { 'content-type': 'text/plain' }).end(`${messageOf(error)}\n`),
      );
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
