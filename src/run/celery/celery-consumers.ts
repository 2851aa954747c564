import { setTimeout as delay } from 'node:timers/promises';
import { CeleryQueues } from '../../broker/celery/celery-queues.js';
import { RemoteControl } from '../../broker/celery/remote-control.js';
import type { Connection } from '../../broker/connection/connection.js';
import type { Management } from '../../broker/management/management.js';
import type { ForeignConsumers } from '../queues/prune/foreign-consumers.js';

const EXCHANGES_STAY_MS = 2_000;

/**
 * Celery's workers, as consumers of queues that are to be pruned. Who consumes what is asked once: a worker that
 * takes up a queue later is seen as a consumer that has not left, and the queue is kept.
 */
export class CeleryConsumers implements ForeignConsumers {
  readonly #queues: CeleryQueues;
  /** Host names, by the queue that they consume. */
  readonly #workersOf = new Map<string, string[]>();
  #asked: Promise<void> | undefined;
  readonly #removed: string[] = [];
  #lastRemoved = 0;

  private constructor(
    connection: Connection,
    private readonly management: Management,
    private readonly control: RemoteControl,
    private readonly now: () => number,
  ) {
    this.#queues = new CeleryQueues(connection);
  }

  /** @param now milliseconds on a clock that never goes back */
  static async open(
    connection: Connection,
    management: Management,
    now: () => number,
    onWarning: (text: string) => void,
  ): Promise<CeleryConsumers> {
    const control = await RemoteControl.open(connection, (error) => onWarning(error.message));
    return new CeleryConsumers(connection, management, control, now);
  }

  async leave(queues: readonly string[]): Promise<ReadonlyMap<string, number>> {
    this.#asked ??= this.#ask();
    await this.#asked;
    const told = await this.control.tell(this.#orders('cancel_consumer', queues));
    return new Map(
      told.map(({ order, replies }) => [
        order.queue ?? '',
        replies.filter(({ error }) => error === undefined).length,
      ]),
    );
  }

  async unacknowledged(queues: readonly string[]): Promise<ReadonlySet<string>> {
    const counts = await this.management.unacknowledged();
    // What is not known is not nothing: the queue's node may be away.
    return new Set(queues.filter((queue) => counts.get(queue) !== 0));
  }

  async takeUp(queue: string): Promise<void> {
    await this.control.tell(this.#orders('add_consumer', [queue]));
  }

  removed(queue: string): void {
    this.#removed.push(queue);
    this.#lastRemoved = this.now();
  }

  /**
   * Removes the exchanges of the queues that are gone, each unless something is bound to it again. Not before a while has
   * passed: a Celery worker that just then declares the exchange, and finds it gone when it binds, ends with that.
   */
  async finish(): Promise<void> {
    // Who consumes what may be another thing the next time.
    this.#asked = undefined;
    this.#workersOf.clear();
    const removed = this.#removed.splice(0);
    if (removed.length === 0) return;
    await delay(Math.max(0, EXCHANGES_STAY_MS - (this.now() - this.#lastRemoved)));
    await Promise.all(removed.map((queue) => this.#queues.removeExchange(queue)));
  }

  close(): void {
    this.control.close();
  }

  async #ask(): Promise<void> {
    for (const { worker, queues } of await this.control.ask({ method: 'active_queues' })) {
      for (const queue of queues) this.#workersOf.set(queue, [...(this.#workersOf.get(queue) ?? []), worker]);
    }
  }

  #orders(method: 'add_consumer' | 'cancel_consumer', queues: readonly string[]) {
    return queues.flatMap((queue) => {
      const destination = this.#workersOf.get(queue);
      return destination === undefined ? [] : [{ method, queue, destination }];
    });
  }
}
