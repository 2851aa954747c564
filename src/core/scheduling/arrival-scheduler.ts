import { LaneScheduler } from './lane-scheduler.js';
import type { Before, Lane } from './scheduler.js';
import { TurnHeap } from './turn-heap.js';

/**
 * Runs tasks in the order in which they were delivered, whoever's they are: what a plain consumer does. A blocked lane
 * is passed over; its tasks keep their places.
 */
export class ArrivalScheduler<T> extends LaneScheduler<T> {
  /** By when their oldest task came, which is their virtual time. */
  readonly #heap = new TurnHeap<Lane<T>>();
  /** When each task came: the how-manieth it was. */
  readonly #arrivals = new Map<T, number>();
  #arrived = 0;

  override push(lane: Lane<T>, task: T): void {
    this.#arrivals.set(task, ++this.#arrived);
    super.push(lane, task);
  }

  override takeBack(lane: Lane<T>): T | undefined {
    const task = super.takeBack(lane);
    if (task !== undefined) this.#arrivals.delete(task);
    return task;
  }

  override dropUnless(keep: (task: T) => boolean): void {
    super.dropUnless((task) => {
      const kept = keep(task);
      if (!kept) this.#arrivals.delete(task);
      return kept;
    });
  }

  before(lane: Lane<T>): Before | undefined {
    return lane.slot < 0 ? undefined : { lanes: this.#heap.before(lane) };
  }

  correct(): void {}

  rest(lane: Lane<T>): void {
    lane.resting = true;
  }

  note(): void {}

  goOn(): void {}

  arrange(): void {}

  setWeight(lane: Lane<T>, weight: number): void {
    lane.weight = weight;
  }

  isPast(): boolean {
    return true;
  }

  protected first(): Lane<T> | undefined {
    return this.#heap.first;
  }

  protected override start(lane: Lane<T>): T | undefined {
    const task = super.start(lane);
    if (task !== undefined) this.#arrivals.delete(task);
    return task;
  }

  protected begin(lane: Lane<T>): void {
    lane.resting = false;
    if (!lane.blocked) this.#enter(lane);
  }

  protected served(lane: Lane<T>): void {
    this.changed(lane);
  }

  protected changed(lane: Lane<T>): void {
    const { first } = lane.prefetched;
    if (first === undefined) {
      this.#heap.remove(lane);
      return;
    }
    lane.virtual = this.#arrivals.get(first)!;
    this.#heap.settle(lane);
  }

  protected block(lane: Lane<T>): void {
    lane.blocked = true;
    if (lane.slot >= 0) this.#heap.remove(lane);
  }

  protected unblock(lane: Lane<T>): void {
    lane.blocked = false;
    if (lane.prefetched.size > 0) this.#enter(lane);
  }

  #enter(lane: Lane<T>): void {
    lane.virtual = this.#arrivals.get(lane.prefetched.first!)!;
    this.#heap.insert(lane);
  }
}
