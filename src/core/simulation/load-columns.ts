import { orderByTime } from '../values/order-by-time.js';
import type { SimulatedLoad } from './simulated-load.js';

const FIRST_ROOM = 1_024;

/** A load that is put together task by task: 20 bytes each, so that millions have room. */
export class LoadColumns {
  readonly #indexOf = new Map<string, number>();
  #users = new Uint32Array(FIRST_ROOM);
  #dueMs = new Float64Array(FIRST_ROOM);
  #durationMs = new Float64Array(FIRST_ROOM);
  size = 0;

  /** How many users it has so far. */
  get users(): number {
    return this.#indexOf.size;
  }

  add(user: string, dueMs: number, durationMs: number): void {
    if (this.size === this.#users.length) this.#grow();
    let index = this.#indexOf.get(user);
    if (index === undefined) {
      index = this.#indexOf.size;
      this.#indexOf.set(user, index);
    }
    this.#users[this.size] = index;
    this.#dueMs[this.size] = dueMs;
    this.#durationMs[this.size] = durationMs;
    this.size++;
  }

  /** In the order in which they are due; the first at 0, where it is not known what they count from. */
  load(fromFirst: boolean): SimulatedLoad {
    const due = this.#dueMs.subarray(0, this.size);
    const order = orderByTime(due);
    const first = fromFirst ? (due[order[0] ?? 0] ?? 0) : 0;
    return {
      names: [...this.#indexOf.keys()],
      users: order.map((task) => this.#users[task]!),
      dueMs: Float64Array.from(order, (task) => due[task]! - first),
      durationMs: Float64Array.from(order, (task) => this.#durationMs[task]!),
    };
  }

  #grow(): void {
    const room = 2 * this.size;
    const [users, dueMs, durationMs] = [this.#users, this.#dueMs, this.#durationMs];
    this.#users = new Uint32Array(room);
    this.#dueMs = new Float64Array(room);
    this.#durationMs = new Float64Array(room);
    this.#users.set(users);
    this.#dueMs.set(dueMs);
    this.#durationMs.set(durationMs);
  }
}
