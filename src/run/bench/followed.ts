import { deferred } from '../../core/values/deferred.js';
import { Completions } from './completions.js';
import type { TrialVhost } from './trial-vhost.js';

/** Follows what the workers of a trial complete, on one connection from the first question to the end. */
export class Followed {
  readonly #over = deferred<void>();
  #completions: Promise<Completions> | undefined;
  #following: Promise<void> | undefined;

  constructor(private readonly vhost: TrialVhost) {}

  /** Workers have to be there: they make the stream. */
  completions(): Promise<Completions> {
    this.#completions ??= this.#follow();
    return this.#completions;
  }

  async close(): Promise<void> {
    this.#over.resolve();
    await this.#following?.catch(() => {}); // who waited for completions was told
  }

  #follow(): Promise<Completions> {
    const begun = deferred<Completions>();
    this.#following = this.vhost.connected('events', async (connection) => {
      const { completions, reader } = await Completions.follow(connection, this.vhost.names);
      begun.resolve(completions);
      await this.#over.promise;
      await reader.close();
    });
    this.#following.catch(begun.reject);
    return begun.promise;
  }
}
