import { Deque } from '../values/deque.js';
import { type Lane, Lanes, type Scheduler } from './scheduler.js';

/** Runs tasks in the order in which they were delivered, whoever's they are: what a plain consumer does. */
export class ArrivalScheduler<T extends { readonly lane: Lane<T> }> implements Scheduler<T> {
  readonly #lanes = new Lanes<T>(() => 1);
  readonly #order = new Deque<T>();
  readonly #gone = new Set<T>();

  get prefetched(): number {
    return this.#order.size - this.#gone.size;
  }

  lane(user: string, key?: string): Lane<T> {
    return this.#lanes.of(user, key);
  }

  push(lane: Lane<T>, task: T): void {
    lane.resting = false;
    lane.prefetched.push(task);
    this.#order.push(task);
  }

  next(): T | undefined {
    for (;;) {
      const task = this.#order.shift();
      if (task === undefined) return undefined;
      if (this.#gone.delete(task)) continue;
      // Deliveries of one queue come in order, so the oldest of all is the oldest of its lane.
      task.lane.prefetched.shift();
      return task;
    }
  }

  takeBack(lane: Lane<T>): T | undefined {
    const task = lane.prefetched.pop();
    if (task !== undefined) this.#gone.add(task);
    return task;
  }

  dropUnless(keep: (task: T) => boolean): void {
    for (const lane of this.#lanes.all()) {
      lane.prefetched.filter((task) => {
        const kept = keep(task);
        if (!kept) this.#gone.add(task);
        return kept;
      });
    }
  }

  correct(): void {}

  rest(lane: Lane<T>): void {
    lane.resting = true;
  }

  note(): void {}

  goOn(): void {}

  arrange(): void {}
}
