import { Deque } from '../values/deque.js';

/** What a scheduler knows of one user: the tasks prefetched of it and the service it has been charged. */
export interface Lane<T> {
  readonly user: string;
  /** Share of service against the others; 1 unless said otherwise. */
  readonly weight: number;
  /** Delivered and not started, oldest first. */
  readonly prefetched: Deque<T>;
  /** Mean run time of its recent tasks, milliseconds; undefined before the first has ended. */
  taskMs: number | undefined;
  /** Service charged so far divided by weight, on the scheduler's virtual clock. */
  virtual: number;
  /** What the task that was taken out last has been charged. */
  charge: number;
  /** Breaks ties between equal virtual times: the lower goes first. */
  tie: number;
  /** Nothing is prefetched and nothing is expected: the lane saves up no credit while it rests. */
  resting: boolean;
  /** Tasks that may be on their way while none is here: the lane falls behind by no more than these cost. */
  late: number;
  /** Position in the heap, -1 outside of it. */
  slot: number;
}

/** Decides whose task starts next. No I/O, no clock: the caller says what happened. */
export interface Scheduler<T> {
  /** Tasks prefetched over all users, and not started. */
  readonly prefetched: number;
  /** The lane of this key, made on first sight. Queues have one each, though their users have the same name. */
  lane(user: string, key?: string): Lane<T>;
  push(lane: Lane<T>, task: T): void;
  /** Takes out the task to start now. */
  next(): T | undefined;
  /** Takes out the user's youngest prefetched task, to give it back. */
  takeBack(lane: Lane<T>): T | undefined;
  /** Takes out every prefetched task that does not pass; asks once for each. */
  dropUnless(keep: (task: T) => boolean): void;
  /** A charge turned out different: adds `difference` (may be negative) to what was charged. */
  correct(lane: Lane<T>, difference: number): void;
  /** Nothing of this user is prefetched and nothing is on its way. */
  rest(lane: Lane<T>): void;
  /** Call it now and then: it remembers how far it had come at this moment, on any clock that does not go back. */
  note(moment: number): void;
  /**
   * The next task of a resting lane has been in its queue since that moment, on the clock of `note`: the user had
   * not run out, the broker was slow. It has no more credit than what may be on its way would have cost.
   */
  goOn(lane: Lane<T>, since: number): void;
  /** Sets whose first turns come first among users that have had none, in the order given. */
  arrange(lanes: readonly Lane<T>[]): void;
}

/** All lanes, each made on first sight. */
export class Lanes<T> {
  readonly #byKey = new Map<string, Lane<T>>();

  /** @param weightOf a user's weight, above 0 */
  constructor(private readonly weightOf: (user: string) => number) {}

  of(user: string, key = user): Lane<T> {
    let lane = this.#byKey.get(key);
    if (lane === undefined) {
      lane = {
        user,
        weight: this.weightOf(user),
        prefetched: new Deque(),
        taskMs: undefined,
        virtual: 0,
        charge: 0,
        tie: 0,
        resting: true,
        late: Number.MAX_SAFE_INTEGER,
        slot: -1,
      };
      this.#byKey.set(key, lane);
    }
    return lane;
  }

  all(): Iterable<Lane<T>> {
    return this.#byKey.values();
  }
}
