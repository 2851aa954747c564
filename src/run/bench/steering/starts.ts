import type { TaskEvent } from '../../../core/events/task-event.js';
import { runningAtOnce } from '../../../core/measures/running-at-once.js';

/** Starts in their order, and what may be asked of a stretch of them. */
export class Starts {
  private constructor(private readonly ordered: readonly TaskEvent[]) {}

  static of(events: readonly TaskEvent[]): Starts {
    return new Starts(events.toSorted((a, b) => a.started - b.started));
  }

  get count(): number {
    return this.ordered.length;
  }

  /** Microseconds since the epoch. */
  between(from: number, to: number): Starts {
    return new Starts(this.ordered.filter(({ started }) => started >= from && started < to));
  }

  /** Without so many of the first. */
  after(count: number): Starts {
    return new Starts(this.ordered.slice(count));
  }

  ofUser(user: string): Starts {
    return new Starts(this.ordered.filter((event) => event.user === user));
  }

  /** So many in a hundred are this user's; null where there are none at all. */
  percentOf(user: string): number | null {
    return this.count === 0 ? null : (100 * this.ofUser(user).count) / this.count;
  }

  /** How many each of these users has. */
  counts(users: readonly string[]): number[] {
    return users.map((user) => this.ofUser(user).count);
  }

  get mostAtOnce(): number {
    const executions = {
      users: new Uint32Array(this.count),
      started: Float64Array.from(this.ordered, ({ started }) => started),
      finished: Float64Array.from(this.ordered, ({ finished }) => finished),
    };
    return runningAtOnce(executions, 1).most;
  }

  /** The most in any window of so many microseconds. */
  mostWithin(window: number): number {
    let most = 0;
    let first = 0;
    for (const [last, { started }] of this.ordered.entries()) {
      while (started - this.ordered[first]!.started >= window) first++;
      most = Math.max(most, last - first + 1);
    }
    return most;
  }

  /** From the first start to the last one, microseconds. */
  get lasted(): number {
    return this.count === 0 ? 0 : this.ordered.at(-1)!.started - this.ordered[0]!.started;
  }
}

/** 1: all are alike; 1 / n: one has everything. */
export function jainOf(counts: readonly number[]): number {
  const sum = counts.reduce((total, count) => total + count, 0);
  const squares = counts.reduce((total, count) => total + count * count, 0);
  return squares === 0 ? 1 : (sum * sum) / (counts.length * squares);
}
