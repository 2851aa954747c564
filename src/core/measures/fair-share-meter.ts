import type { FluidSystem } from './fluid-system.js';

/** A share that rounding has left a hair below a whole task is a whole task. */
export const ROUNDING = 1e-6;

/** The largest lag so far: users are named by their index. */
export interface LargestLag {
  readonly tasks: number;
  /** Null where nobody was ever behind. */
  readonly user: number | null;
  /** When it was, in the caller's unit. */
  readonly at: number | null;
}

/** Holds starts against a fluid system, as they come; `fairShare` says what lag and Jain's index are. */
export class FairShareMeter {
  /** Tasks of each user that have been started. */
  readonly started: Float64Array;
  /** The largest lag of each user, tasks. */
  readonly lagOf: Float64Array;
  /** What each had had, and was due, after half of the starts. */
  readonly half: { readonly started: Float64Array; readonly due: Float64Array };
  readonly #halfAt: number;
  #starts = 0;
  #jainAtHalf = 1;
  #lagTasks = 0;
  #lagUser: number | null = null;
  #lagAt: number | null = null;

  /**
   * @param onLag told of each lag that is looked at, before its start
   * @param total starts that are to come
   */
  constructor(
    users: number,
    private readonly fluid: Pick<FluidSystem, 'arrive' | 'serve' | 'served'>,
    total: number,
    private readonly onLag?: (user: number, lag: number) => void,
  ) {
    this.started = new Float64Array(users);
    this.lagOf = new Float64Array(users);
    this.half = { started: new Float64Array(users), due: new Float64Array(users) };
    this.#halfAt = Math.floor(total / 2);
  }

  get jainAtHalf(): number {
    return this.#jainAtHalf;
  }

  get largestLag(): LargestLag {
    return { tasks: this.#lagTasks, user: this.#lagUser, at: this.#lagAt };
  }

  arrive(user: number, tasks: number): void {
    this.fluid.arrive(user, tasks);
  }

  /** What is due to the user by now. */
  due(user: number): number {
    return this.fluid.served(user);
  }

  start(user: number, at: number): void {
    this.#look(user, at);
    this.fluid.serve(1);
    this.started[user]!++;
    if (++this.#starts === this.#halfAt) this.#noteHalf();
  }

  /** Nothing more starts: who still waits is behind, too. */
  end(at: number): void {
    for (let user = 0; user < this.started.length; user++) this.#look(user, at);
  }

  #look(user: number, at: number): void {
    const lag = this.fluid.served(user) - this.started[user]!;
    this.onLag?.(user, lag);
    if (lag <= this.lagOf[user]! + ROUNDING) return;
    this.lagOf[user] = lag;
    if (lag <= this.#lagTasks + ROUNDING) return;
    this.#lagTasks = lag;
    this.#lagUser = user;
    this.#lagAt = at;
  }

  #noteHalf(): void {
    const { half, started } = this;
    half.started.set(started);
    for (let user = 0; user < started.length; user++) half.due[user] = this.fluid.served(user);
    this.#jainAtHalf = jainIndex(half);
  }
}

function jainIndex({ started, due }: FairShareMeter['half']): number {
  let n = 0;
  let sum = 0;
  let squares = 0;
  for (let user = 0; user < started.length; user++) {
    const share = due[user]!;
    if (share < 1 - ROUNDING) continue;
    const ratio = started[user]! / share;
    n++;
    sum += ratio;
    squares += ratio * ratio;
  }
  return n < 2 || squares === 0 ? 1 : (sum * sum) / (n * squares);
}
