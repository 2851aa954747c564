import { round3 } from '../../core/values/round.js';
import { Problem } from '../http/problem.js';

export interface SharedAnswersOptions {
  /** Milliseconds; it only grows. */
  readonly now: () => number;
  /** An answer is given again for so long at least; milliseconds. */
  readonly keepForMs: number;
  /** So many times as long as it took to answer, it is kept: 3 where nothing is said. */
  readonly rest?: number;
  /** Answers that are kept. */
  readonly mostKept: number;
  /** Questions that wait for their turn. */
  readonly mostWaiting: number;
}

/** Of the time, at most this part goes into answers to the same question. */
const REST = 3;

interface Kept<T> {
  readonly answer: Promise<T>;
  /** Undefined while it is worked out. */
  answeredAt?: number;
  until?: number;
}

export interface SharedAnswer<T> {
  readonly value: T;
  readonly secondsAgo: number;
}

/** What is dear to answer: one question at a time, and who asks the same is given the same answer for some seconds. */
export class SharedAnswers<T> {
  readonly #kept = new Map<string, Kept<T>>();
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(private readonly options: SharedAnswersOptions) {}

  /** @throws Problem 503 where too many wait */
  async ask(key: string, answer: () => Promise<T>): Promise<SharedAnswer<T>> {
    this.#forget();
    const kept = this.#kept.get(key) ?? this.#begin(key, answer);
    const value = await kept.answer;
    const { now } = this.options;
    return { value, secondsAgo: round3((now() - (kept.answeredAt ?? now())) / 1_000) };
  }

  /** What is asked from now on is answered anew: something was done meanwhile. */
  forget(): void {
    this.#kept.clear();
  }

  #begin(key: string, answer: () => Promise<T>): Kept<T> {
    const { now, keepForMs, rest = REST, mostKept, mostWaiting } = this.options;
    if (this.#waiting >= mostWaiting) {
      throw new Problem(503, 'too-many-questions', 'Too many ask for what takes long', undefined, {
        retryAfterSeconds: 5,
      });
    }
    this.#waiting++;
    let begun = now();
    const answered = this.#turn.then(() => {
      begun = now();
      return answer();
    });
    this.#turn = answered.catch(() => {});
    const kept: Kept<T> = { answer: answered };
    this.#kept.set(key, kept);
    answered.then(
      () => {
        this.#waiting--;
        kept.answeredAt = now();
        const keepMs = Math.max(keepForMs, rest * (now() - begun));
        kept.until = now() + keepMs;
        setTimeout(() => this.#forget(), keepMs + 1).unref();
        this.#forget(mostKept);
      },
      () => {
        this.#waiting--;
        this.#kept.delete(key);
      },
    );
    return kept;
  }

  /** What is too old, and of more than so many the oldest. */
  #forget(most = this.options.mostKept): void {
    const now = this.options.now();
    const answered = [...this.#kept].filter(([, { until }]) => until !== undefined);
    for (const [i, [key, { until }]] of answered.entries()) {
      if (now >= until! || i < answered.length - most) this.#kept.delete(key);
    }
  }
}
