import { EventHeap } from '../values/event-heap.js';
import { Fifos } from './fifos.js';
import type { Played } from './played.js';
import type { SimulatedLoad } from './simulated-load.js';

/** Tasks that end between two looks of whoever waits for the end. */
const LOOK_EVERY = 65_536;

/**
 * The ideal: all slots together are one server, which splits its time evenly among the users that have tasks, at every
 * moment, and works off the tasks of each one by one. No worker can do this, as tasks do not split.
 *
 * Kept in virtual time, which rises by slots / users per millisecond, so that every user with tasks gets one
 * millisecond of work in each; see `FluidSystem`.
 */
export class FluidPlayback {
  readonly #tasks: Fifos;
  /** Users with tasks, by the virtual time at which their first one ends. */
  readonly #users: EventHeap;
  #now = 0;
  #virtual = 0;

  constructor(
    private readonly load: SimulatedLoad,
    private readonly slots: number,
    private readonly played: Played,
  ) {
    const users = load.names.length;
    this.#tasks = new Fifos(users, load.users.length);
    this.#users = new EventHeap(users);
  }

  *play(): Generator<void> {
    const { dueMs, users } = this.load;
    let next = 0;
    let looked = 0;
    while (next < users.length || this.#users.size > 0) {
      const due = next < users.length ? dueMs[next]! : Number.POSITIVE_INFINITY;
      const end = this.#endsAt();
      if (end <= due) this.#end(end);
      else this.#arrive(next++, due);
      if (++looked % LOOK_EVERY === 0) yield;
    }
  }

  /** When the first of the tasks ends, milliseconds; Infinity where there is none. */
  #endsAt(): number {
    if (this.#users.size === 0) return Number.POSITIVE_INFINITY;
    return this.#now + ((this.#users.time - this.#virtual) * this.#users.size) / this.slots;
  }

  #end(now: number): void {
    this.#virtual = this.#users.time;
    this.#now = now;
    const user = this.#users.first;
    this.played.served(this.#tasks.shift(user), now);
    if (this.#tasks.sizes[user]! > 0) this.#users.postpone(this.#virtual + this.#firstOf(user));
    else this.#users.pop();
  }

  #arrive(task: number, now: number): void {
    // Set and not added to when nobody is left, so that rounding errors do not add up.
    if (this.#users.size === 0) this.#virtual = 0;
    else this.#virtual += ((now - this.#now) * this.slots) / this.#users.size;
    this.#now = now;
    const user = this.load.users[task]!;
    this.#tasks.push(user, task);
    if (this.#tasks.sizes[user] === 1) this.#users.push(user, this.#virtual + this.#firstOf(user));
  }

  /** How long the first of the user's tasks takes. */
  #firstOf(user: number): number {
    return this.load.durationMs[this.#tasks.first(user)]!;
  }
}
