import { ConnectionClosed } from '../../broker/connection/connection.js';
import { deferred } from '../../core/values/deferred.js';

/** What ends a worker before its time. Only the first counts. */
export class FirstFailure {
  readonly #first = deferred<never>();
  /** Rejects with it; never resolves. */
  readonly promise = this.#first.promise;

  constructor() {
    this.promise.catch(() => {}); // whoever runs the worker awaits it, unless the worker has ended before
  }

  /** What is still asked of a connection that the worker has closed itself, at its end, is no failure. */
  readonly fail = (error: Error): void => {
    if (!(error instanceof ConnectionClosed)) this.#first.reject(error);
  };
}
