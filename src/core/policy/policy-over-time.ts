import { Policy } from './policy.js';
import type { PolicyDocument } from './policy-document.js';

/** Which policy counted when, from the documents that its stream still has. Times are milliseconds since the epoch. */
export class PolicyOverTime {
  readonly #policies: readonly Policy[];
  /** When each began to count. */
  readonly #begins: readonly number[];

  constructor(readonly documents: readonly PolicyDocument[]) {
    const inOrder = [...documents].sort((a, b) => a.revision - b.revision);
    this.#policies = inOrder.map((document) => new Policy(document));
    // The clock of an operator may be behind that of the one before.
    let latest = Number.NEGATIVE_INFINITY;
    this.#begins = inOrder.map(({ at }) => {
      latest = Math.max(latest, at);
      return latest;
    });
  }

  /** The one with the newest revision; undefined where there is none. */
  get newest(): Policy | undefined {
    return this.#policies.at(-1);
  }

  /** Undefined before the first. */
  at(moment: number): Policy | undefined {
    return this.#policies[this.#begins.findLastIndex((begin) => begin <= moment)];
  }

  /** Moments at which something is set, is taken back, or ends; ascending. */
  changes(): number[] {
    const moments = this.#policies.flatMap((policy, i) => {
      const begin = this.#begins[i]!;
      const before = this.#begins[i + 1] ?? Number.POSITIVE_INFINITY;
      const own = [begin];
      for (let end = policy.nextEnd(begin); end !== undefined && end < before; end = policy.nextEnd(end)) {
        own.push(end);
      }
      return own;
    });
    return [...new Set(moments)];
  }
}
