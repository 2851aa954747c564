import { errors, type FlattenedJWSInput, type JWSHeaderParameters } from 'jose';
import { messageOf } from '../../../core/errors/errors.js';
import type { Clock } from '../../../core/values/clock.js';
import { decodeUtf8 } from '../../../core/values/utf8.js';
import { BEARER } from '../bearer.js';
import { KeysUnavailable, Unauthenticated } from '../identity.js';
import type { FindKey, KeySet } from './key-set.js';
import type { Keys } from './keys.js';

/** Milliseconds. A token with an unknown key has them fetched at most that often, whoever sends it. */
export const FETCH_AT_MOST_EVERY_MS = 10_000;
/** Milliseconds. A key that was taken away counts no longer than that. */
const FETCH_EVERY_MS = 600_000;
const TIMEOUT_MS = 5_000;
const MOST_BYTES = 1024 ** 2;

export interface UrlKeysDeps {
  readonly clock: Clock;
  warn(text: string): void;
  /** Milliseconds. */
  readonly timeoutMs?: number;
  readonly fetchEveryMs?: number;
}

/** Keys from a URL. The keys that were fetched last count for as long as the URL cannot be reached. */
export class UrlKeys implements Keys {
  #keys: KeySet | undefined;
  #fetching: Promise<void> | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #trouble: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #closing = new AbortController();

  private constructor(
    private readonly url: string,
    private readonly parse: (text: string) => KeySet,
    private readonly deps: UrlKeysDeps,
  ) {}

  /** It opens where the URL cannot be reached, too: the keys come when it can be. */
  static async open(url: string, parse: (text: string) => KeySet, deps: UrlKeysDeps): Promise<UrlKeys> {
    const keys = new UrlKeys(url, parse, deps);
    await keys.#fetchSoon();
    return keys;
  }

  readonly find: FindKey = async (header, token) => {
    const found = await this.#findNow(header, token);
    if (found !== undefined) return found;
    await this.#fetchSoon();
    const then = await this.#findNow(header, token);
    if (then !== undefined) return then;
    if (this.#keys === undefined) {
      const reason = 'the keys that check tokens have not come yet: their URL cannot be reached';
      throw new KeysUnavailable(reason, FETCH_AT_MOST_EVERY_MS / 1_000, BEARER);
    }
    if (this.#trouble === undefined) throw new errors.JWKSNoMatchingKey();
    throw new Unauthenticated(
      'the token is signed with a key that is not known, and new keys cannot be fetched at the moment',
      BEARER,
    );
  };

  close(): void {
    this.#closing.abort();
    clearTimeout(this.#timer);
  }

  /** Undefined where no such key is known. */
  async #findNow(header: JWSHeaderParameters, token: FlattenedJWSInput) {
    try {
      return await this.#keys?.find(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return undefined;
      throw error;
    }
  }

  /** Fetches, unless that was tried a moment ago. Whoever asks meanwhile waits for the same answer. */
  #fetchSoon(): Promise<void> {
    const now = this.deps.clock.now();
    if (this.#fetching === undefined && now - this.#askedAt >= FETCH_AT_MOST_EVERY_MS) {
      this.#askedAt = now;
      this.#fetching = this.#fetch().finally(() => {
        this.#fetching = undefined;
        this.#fetchLater();
      });
    }
    return this.#fetching ?? Promise.resolve();
  }

  #fetchLater(): void {
    clearTimeout(this.#timer);
    if (this.#closing.signal.aborted) return;
    const wait =
      this.#trouble === undefined ? (this.deps.fetchEveryMs ?? FETCH_EVERY_MS) : FETCH_AT_MOST_EVERY_MS;
    this.#timer = setTimeout(() => {
      this.#askedAt = Number.NEGATIVE_INFINITY;
      void this.#fetchSoon();
    }, wait).unref();
  }

  async #fetch(): Promise<void> {
    try {
      const keys = this.parse(await this.#text());
      this.#trouble = undefined;
      this.#keys = keys;
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      const trouble = whyOf(error);
      if (trouble !== this.#trouble) {
        const meanwhile =
          this.#keys === undefined ? 'no token is taken' : 'the keys that were fetched last still count';
        this.deps.warn(`--jwks ${this.url}: ${trouble}; until it can be fetched ${meanwhile}`);
      }
      this.#trouble = trouble;
    }
  }

  async #text(): Promise<string> {
    const timeout = AbortSignal.timeout(this.deps.timeoutMs ?? TIMEOUT_MS);
    const response = await fetch(this.url, {
      // Where it leads to is the operator's to say.
      redirect: 'error',
      headers: { accept: 'application/jwk-set+json, application/json' },
      signal: AbortSignal.any([timeout, this.#closing.signal]),
    });
    const parts: Uint8Array[] = [];
    let bytes = 0;
    // Leaving the loop ends the connection.
    for await (const part of response.body ?? []) {
      if (response.status !== 200) break;
      bytes += part.length;
      if (bytes > MOST_BYTES) throw new Error('the answer is larger than 1 MiB');
      parts.push(part);
    }
    if (response.status !== 200) throw new Error(`the answer is ${response.status}, not 200`);
    return decodeUtf8(Buffer.concat(parts));
  }
}

/** `fetch` says only that it failed; the cause says why. */
function whyOf(error: unknown): string {
  const cause = error instanceof TypeError ? error.cause : undefined;
  return messageOf(cause ?? error);
}
