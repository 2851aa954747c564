import type { LagOverTime } from '../reports/simulation-report.js';
import { round3 } from '../values/round.js';

const INTERVALS = 256;
/** Milliseconds; each time that they do not reach, intervals become twice as long. */
const FIRST_LENGTH = 0.001;

/**
 * The largest lag in each of at most 256 intervals of a time that nobody knows yet, and whose it was. Lags are looked
 * at when a task starts.
 */
export class LagLine {
  readonly #tasks = new Float64Array(INTERVALS);
  readonly #users = new Int32Array(INTERVALS).fill(-1);
  #length = FIRST_LENGTH;
  #count = 0;

  /** @param at milliseconds from the beginning, never earlier than before */
  note(at: number, user: number, tasks: number): void {
    while (at >= this.#length * INTERVALS) this.#halve();
    const interval = Math.floor(at / this.#length);
    if (interval >= this.#count) this.#count = interval + 1;
    if (tasks <= this.#tasks[interval]!) return;
    this.#tasks[interval] = tasks;
    this.#users[interval] = user;
  }

  over(names: readonly string[]): LagOverTime {
    const intervals = Array.from({ length: this.#count }, (_, i) => i);
    return {
      ends: intervals.map((i) => ((i + 1) * this.#length) / 1_000),
      lag: intervals.map((i) => round3(this.#tasks[i]!)),
      lagUser: intervals.map((i) => names[this.#users[i]!] ?? null),
    };
  }

  #halve(): void {
    for (let i = 0; i < INTERVALS / 2; i++) {
      const larger = this.#tasks[2 * i + 1]! > this.#tasks[2 * i]! ? 2 * i + 1 : 2 * i;
      this.#tasks[i] = this.#tasks[larger]!;
      this.#users[i] = this.#users[larger]!;
    }
    this.#tasks.fill(0, INTERVALS / 2);
    this.#users.fill(-1, INTERVALS / 2);
    this.#count = Math.ceil(this.#count / 2);
    this.#length *= 2;
  }
}
