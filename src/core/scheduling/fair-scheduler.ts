import { LaneScheduler } from './lane-scheduler.js';
import type { Before, Lane } from './scheduler.js';
import { Turns } from './turns.js';

/**
 * Users take turns by start-time fair queueing; see `Turns` for the bound. A pick is O(log n) of the users with
 * prefetched tasks.
 *
 * A lane that is empty but not resting keeps its place, as far as what may be on its way from the broker
 * would have cost, and catches up when that arrives. Meanwhile the bound does not apply to the lane.
 *
 * A task counts as backlog from when it was sent, not from when the broker has delivered it. So a lane that rested,
 * and whose next task is older than its rest, starts where the virtual time stood when that task was sent.
 *
 * A lane that its gate has blocked takes no turns. Meanwhile, and by so much as its credit, the bound does not apply.
 */
export class FairScheduler<T> extends LaneScheduler<T> {
  readonly #turns = new Turns<Lane<T>>(() => this.lanes.all());
  readonly #cost: (lane: Lane<T>) => number;

  /**
   * @param weightOf a user's share against the others, above 0
   * @param cost what a task of this lane is charged when it starts, above 0; see `correct`
   */
  constructor(weightOf?: (user: string) => number, cost: (lane: Lane<T>) => number = () => 1) {
    super(weightOf);
    this.#cost = cost;
  }

  before(lane: Lane<T>): Before | undefined {
    const lanes = this.#turns.before(lane);
    return lanes === undefined ? undefined : { lanes };
  }

  correct(lane: Lane<T>, difference: number): void {
    this.#turns.correct(lane, difference);
  }

  rest(lane: Lane<T>): void {
    if (lane.prefetched.size === 0) lane.resting = true;
  }

  note(moment: number): void {
    this.#turns.note(moment);
  }

  goOn(lane: Lane<T>, since: number): void {
    this.#turns.goOn(lane, since);
  }

  arrange(lanes: readonly Lane<T>[]): void {
    this.#turns.arrange(lanes);
  }

  setWeight(lane: Lane<T>, weight: number): void {
    this.#turns.reweigh(lane, weight);
  }

  isPast(lane: Lane<T>): boolean {
    return this.#turns.isPast(lane);
  }

  protected first(): Lane<T> | undefined {
    return this.#turns.first;
  }

  protected begin(lane: Lane<T>): void {
    this.#turns.begin(lane, lane.late);
  }

  protected served(lane: Lane<T>): void {
    this.#turns.served(lane, this.#cost(lane), lane.prefetched.size > 0);
  }

  protected changed(lane: Lane<T>): void {
    if (lane.prefetched.size === 0) this.#turns.end(lane);
  }

  protected block(lane: Lane<T>): void {
    this.#turns.block(lane);
  }

  protected unblock(lane: Lane<T>, credit: boolean): void {
    this.#turns.letGo(lane, credit, lane.prefetched.size > 0);
  }
}
