import { formatCount } from '../../render/parts/numbers.js';

/** So many users are told apart, and so many named. */
const MOST_USERS = 1_000;
const NAMED = 3;

interface Failures {
  count: number;
  /** Of the last one. */
  reason: string;
}

/** Failures that nobody has been told of, by user. */
export class Unshown {
  readonly #byUser = new Map<string, Failures>();
  #others = 0;
  count = 0;

  add(user: string, reason: string): void {
    this.count++;
    const known = this.#byUser.get(user);
    if (known !== undefined) {
      known.count++;
      known.reason = reason;
    } else if (this.#byUser.size < MOST_USERS) this.#byUser.set(user, { count: 1, reason });
    else this.#others++;
  }

  /** Says whose they are, those with most first, and begins anew. */
  take(): string {
    const sorted = [...this.#byUser].sort(([, a], [, b]) => b.count - a.count);
    const named = sorted.slice(0, NAMED).map(([user, { count, reason }]) => {
      const last = JSON.stringify(reason.slice(0, 100));
      return `${formatCount(count)} of user ${JSON.stringify(user)} (the last: ${last})`;
    });
    const rest = sorted.slice(NAMED).reduce((sum, [, { count }]) => sum + count, this.#others);
    if (rest > 0) named.push(`${formatCount(rest)} of others`);
    this.#byUser.clear();
    this.#others = 0;
    this.count = 0;
    return named.join(', ');
  }
}
