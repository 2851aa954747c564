import type { Connection } from '../../broker/connection/connection.js';
import type { BecauseAnswer, WhyQuestion } from '../../broker/control/why.js';
import { FairqError, messageOf } from '../../core/errors/errors.js';
import { type AllAsked, askAllWorkers } from '../tasks/ask-all-workers.js';
import type { ExplainDeps } from './explain-deps.js';

/** Undefined where nobody could be asked. */
export type WhyAsked = AllAsked<BecauseAnswer> | undefined;

/** Asks workers on a connection of its own, and knows of an alarm that keeps the question from them. */
export class Asking {
  /** The alarm in the broker's words; undefined while there is none. */
  alarm: string | undefined;
  /** Why workers could not be asked, beside an alarm. */
  refused: string | undefined;
  readonly #blocked = new AbortController();
  #connection: Promise<Connection | undefined> | undefined;

  constructor(private readonly deps: ExplainDeps) {}

  /** @param atLeast so many workers are there, by what they do */
  async ask(about: Omit<WhyQuestion, 'kind' | 'request'>, atLeast = 0): Promise<WhyAsked> {
    this.#connection ??= this.#open();
    const connection = await this.#connection;
    if (connection === undefined || this.alarm !== undefined) return undefined;
    const request = this.deps.newId();
    const { signal } = this.#blocked;
    try {
      const asked = await askAllWorkers(
        { ...this.deps, connection, signal, atLeast },
        { kind: 'why', request, ...about },
        (message) => (message.kind === 'because' && message.request === request ? message : undefined),
      );
      return this.alarm === undefined ? asked : undefined;
    } catch (error) {
      if (!(error instanceof FairqError)) throw error;
      this.refused = error.message;
      return undefined;
    }
  }

  async close(): Promise<void> {
    await (await this.#connection)?.close();
  }

  async #open(): Promise<Connection | undefined> {
    try {
      return await this.deps.connectToAsk((reason) => {
        this.alarm = reason;
        this.#blocked.abort();
      });
    } catch (error) {
      this.refused = messageOf(error);
      return undefined;
    }
  }
}
