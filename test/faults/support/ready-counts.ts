import type { Channel } from 'amqplib';

interface Count {
  /** The queue counted between these. */
  readonly asked: number;
  readonly answered: number;
  readonly ready: number;
}

/** The range of what was counted in a time; `step` is the largest change from one count to the next. */
export interface CountRange {
  readonly least: number;
  readonly most: number;
  readonly step: number;
}

/** Asks some queues again and again what is ready in them: the broker's own count of that moment. */
export class ReadyCounts {
  readonly #counts = new Map<string, Count[]>();
  #ends = false;
  #done: Promise<void> = Promise.resolve();

  constructor(
    private readonly channel: Channel,
    private readonly queues: readonly string[],
  ) {
    for (const queue of queues) this.#counts.set(queue, []);
  }

  begin(): void {
    this.#done = this.#count();
  }

  async end(): Promise<void> {
    this.#ends = true;
    await this.#done;
  }

  /** The longest time without a count: how busy the machine was. */
  get longestGapMs(): number {
    let longest = 0;
    for (const counts of this.#counts.values()) {
      counts.forEach((count, i) => {
        if (i > 0) longest = Math.max(longest, count.answered - counts[i - 1]!.asked);
      });
    }
    return longest;
  }

  /** Over a time, with the counts just before and just after it; milliseconds since the epoch. */
  between(queue: string, from: number, to: number): CountRange {
    const counts = this.#counts.get(queue) ?? [];
    const first = Math.max(
      0,
      counts.findLastIndex(({ answered }) => answered <= from),
    );
    const after = counts.findIndex(({ asked }) => asked >= to);
    const seen = counts.slice(first, after === -1 ? counts.length : after + 1).map(({ ready }) => ready);
    const steps = seen.map((ready, i) => (i === 0 ? 0 : Math.abs(ready - seen[i - 1]!)));
    return { least: Math.min(...seen), most: Math.max(...seen), step: Math.max(0, ...steps) };
  }

  async #count(): Promise<void> {
    while (!this.#ends) {
      for (const queue of this.queues) {
        const asked = Date.now();
        const { messageCount: ready } = await this.channel.checkQueue(queue);
        this.#counts.get(queue)!.push({ asked, answered: Date.now(), ready });
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
