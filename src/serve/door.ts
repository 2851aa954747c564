import { setMaxListeners } from 'node:events';
import { deferred } from '../core/values/deferred.js';
import { apiOf } from './api-of.js';
import type { DoorDeps, DoorOptions } from './door-contract.js';
import { HttpServer } from './http/server.js';
import { type OpenedServices, openServices } from './open-services.js';
import { allPageFiles } from './page-files.js';

/** Connections that are still answered have so long at the end. */
const ANSWERS_WITHIN_MS = 2_000;

/** `fairq serve`: an HTTP API in front of the queues. Everything that lasts is on the broker. */
export class Door {
  private constructor(
    private readonly server: HttpServer,
    private readonly opened: OpenedServices,
    private readonly closing: AbortController,
    /** Rejects when it cannot go on; never resolves. */
    readonly failed: Promise<never>,
  ) {}

  /** Answers requests when it resolves. */
  static async open(deps: DoorDeps, options: DoorOptions): Promise<Door> {
    const closing = new AbortController();
    setMaxListeners(0, closing.signal); // each request that waits listens to it
    const failed = deferred<never>();
    failed.promise.catch(() => {}); // it may fail before anybody waits for that
    const opened = await openServices(deps, options, { closing: closing.signal, onFailure: failed.reject });
    const files = options.page && (await allPageFiles(options.page.runs));
    const api = apiOf(deps, options, opened.services, files);
    const server = await HttpServer.listen(options.server, (request, asking) => api.fetch(request, asking));
    return new Door(server, opened, closing, failed.promise);
  }

  get port(): number {
    return this.server.port;
  }

  /** Tasks that the broker has not confirmed. */
  get unconfirmed(): number {
    return this.opened.dispatcher.unconfirmed;
  }

  /** Takes no request any more; waits end, and confirms are awaited. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.opened.dispatcher.close();
    await this.server.close(ANSWERS_WITHIN_MS);
    await this.opened.close();
  }
}
