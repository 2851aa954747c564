import type { BrokerAddress } from '../../broker/connection/address.js';
import { Management } from '../../broker/management/management.js';
import { FairqError } from '../../core/errors/errors.js';

/** The broker's own figures are no fresher. */
const ASK_AGAIN_MS = 10_000;

/** What is wrong with a node of the broker. */
export interface Alarm {
  readonly node: string;
  readonly what: 'memory' | 'disk' | 'down';
}

/** Alarms of the broker's nodes, asked for while somebody looks on. */
export class Alarms {
  #management: Management | undefined;
  #found: readonly Alarm[] | null = null;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly address: BrokerAddress,
    private readonly now: () => number,
  ) {}

  /** Null where it is not known, as for a user of the broker that may not see its nodes. */
  async current(): Promise<readonly Alarm[] | null> {
    if (this.now() - this.#askedAt < ASK_AGAIN_MS) return this.#found;
    this.#askedAt = this.now();
    this.#management ??= new Management(this.address);
    try {
      const nodes = await this.#management.nodes();
      this.#found = nodes.flatMap(({ name, running, memoryAlarm, diskAlarm }) => [
        ...(running ? [] : [{ node: name, what: 'down' } as const]),
        ...(memoryAlarm ? [{ node: name, what: 'memory' } as const] : []),
        ...(diskAlarm ? [{ node: name, what: 'disk' } as const] : []),
      ]);
    } catch (error) {
      if (!(error instanceof FairqError)) throw error;
      this.#found = null;
    }
    return this.#found;
  }

  async close(): Promise<void> {
    await this.#management?.close();
  }
}
