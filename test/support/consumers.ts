import type { ConsumedQueue } from '../../src/run/worker/intake/consumed-queue.js';
import type { QueueConsumers } from '../../src/run/worker/intake/queue-consumers.js';

/** Consumers without a broker: they remember what they were asked for. */
export class TestConsumers implements QueueConsumers {
  /** The queues that have a consumer, and its prefetch. */
  readonly prefetch = new Map<string, number>();
  /** Each start of a consumer. */
  readonly subscribed: string[] = [];
  /** What waits in each queue. */
  readonly depths = new Map<string, number>();
  /** Called before a consumer has ended: what was on its way comes now. */
  onEnding: (name: string) => void = () => {};
  /** What is asked of the broker is answered when this has resolved. */
  answered: Promise<void> = Promise.resolve();

  async subscribe(name: string, _: ConsumedQueue, prefetch: number): Promise<void> {
    this.subscribed.push(name);
    await this.answered;
    this.prefetch.set(name, prefetch);
  }

  async resize(name: string, prefetch: number): Promise<void> {
    await this.answered;
    this.prefetch.set(name, prefetch);
  }

  async unsubscribe(name: string): Promise<void> {
    await this.answered;
    this.onEnding(name);
    this.prefetch.delete(name);
  }

  consumes(name: string): boolean {
    return this.prefetch.has(name);
  }

  async depth(name: string): Promise<number> {
    return this.depths.get(name) ?? 0;
  }
}
