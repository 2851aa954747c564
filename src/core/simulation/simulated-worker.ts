import { ArrivalScheduler } from '../scheduling/arrival-scheduler.js';
import { FairScheduler } from '../scheduling/fair-scheduler.js';
import type { LaneScheduler } from '../scheduling/lane-scheduler.js';
import { prefetchFor } from '../scheduling/prefetch.js';
import type { Lane } from '../scheduling/scheduler.js';
import { TaskTimes } from '../scheduling/task-times.js';
import { Deque } from '../values/deque.js';
import type { Routing } from './routing.js';

/** What the prefetch of a queue goes by, beside what its worker knows. */
export interface QueueState {
  readonly ready: number;
  /** Queues that have more than their workers have prefetched. */
  readonly hungry: number;
}

/**
 * A worker of a simulation: the scheduler of a real one, with the turns and the prefetch of a real one. Tasks, lanes and
 * queues are numbers.
 */
export class SimulatedWorker {
  /** Tasks that are being moved to the own queues of their users, one after the other. */
  readonly moves = new Deque<number>();
  /** Slots that are free, by their number here. */
  readonly freeSlots: number[];
  readonly #scheduler: LaneScheduler<number>;
  readonly #times = new TaskTimes();
  readonly #lanes: (Lane<number> | undefined)[];
  /** Delivered and not acknowledged, from each queue and in each lane. */
  readonly #ofQueue: Uint16Array;
  readonly #ofLane: Uint16Array;
  /** Of all queues, and of those that are hungry. */
  #unacknowledged = 0;
  #ofHungry = 0;
  #activeLanes = 0;
  /** Lanes of which nothing is here any more, in the order in which that came about. */
  readonly #idle = new Deque<number>();

  constructor(
    private readonly routing: Routing,
    private readonly setup: { readonly workers: number; readonly concurrency: number },
  ) {
    this.#scheduler = routing.byArrival ? new ArrivalScheduler() : new FairScheduler();
    this.#lanes = new Array<Lane<number> | undefined>(routing.lanes).fill(undefined);
    this.#ofQueue = new Uint16Array(routing.queues);
    this.#ofLane = new Uint16Array(routing.lanes);
    this.freeSlots = Array.from({ length: setup.concurrency }, (_, i) => setup.concurrency - 1 - i);
  }

  /** A slot is free, and there is a task for it. */
  get canStart(): boolean {
    return this.freeSlots.length > 0 && this.#scheduler.prefetched > 0;
  }

  /** A slot is free, and there is no task for it. */
  get isStarved(): boolean {
    return this.freeSlots.length > 0 && this.#scheduler.prefetched === 0;
  }

  /** The broker may deliver one more task of this queue. */
  hasRoom(queue: number, lane: number, state: QueueState): boolean {
    const here = this.#ofQueue[queue]!;
    return here < (this.routing.fixedPrefetch(queue) ?? this.#prefetchOf(queue, lane, state));
  }

  /** A task of this queue has been delivered. */
  delivered(queue: number, lane: number, isHungry: boolean): void {
    this.#ofQueue[queue]!++;
    this.#unacknowledged++;
    if (isHungry) this.#ofHungry++;
    if (this.#ofLane[lane]!++ === 0) this.#activeLanes++;
  }

  /** A task of this queue has been acknowledged. */
  acknowledged(queue: number, lane: number, isHungry: boolean): void {
    this.#ofQueue[queue]!--;
    this.#unacknowledged--;
    if (isHungry) this.#ofHungry--;
    if (--this.#ofLane[lane]! > 0) return;
    this.#activeLanes--;
    this.#idle.push(lane);
    this.#forget();
  }

  /** More waits in this queue than is prefetched, or does so no more. */
  hungers(queue: number, isHungry: boolean): void {
    const here = this.#ofQueue[queue]!;
    this.#ofHungry += isHungry ? here : -here;
  }

  /** The task waits here for its turn. @returns how many of its lane do */
  push(lane: number, task: number): number {
    const place = this.#lane(lane);
    this.#scheduler.push(place, task);
    return place.prefetched.size;
  }

  /** Takes out the task to start now. */
  next(): number | undefined {
    return this.#scheduler.next();
  }

  /** Nothing more of this lane is to come: where nothing is here either, it rests. */
  rest(lane: number): void {
    const place = this.#lanes[lane];
    if (place !== undefined && place.prefetched.size === 0) this.#scheduler.rest(place);
  }

  /** Takes out all that waits here of this lane, the oldest first. */
  takeBack(lane: number): number[] {
    const place = this.#lanes[lane];
    if (place === undefined) return [];
    const tasks: number[] = [];
    for (let left = place.prefetched.size; left > 0; left--) tasks.push(this.#scheduler.takeBack(place)!);
    return tasks.reverse();
  }

  /** A task of this lane has run for so many milliseconds. */
  ended(lane: number, ms: number): void {
    this.#times.ended(this.#lane(lane), ms);
  }

  #lane(lane: number): Lane<number> {
    let place = this.#lanes[lane];
    if (place === undefined) {
      place = this.#scheduler.lane(this.routing.nameOf(lane), lane);
      this.#lanes[lane] = place;
    }
    return place;
  }

  /** A million lanes would take half a gigabyte: those are dropped that make no difference. */
  #forget(): void {
    for (let first = this.#idle.first; first !== undefined; first = this.#idle.first) {
      const place = this.#lanes[first];
      if (place?.resting && this.#ofLane[first] === 0) {
        // Those behind it have hardly been served less.
        if (!this.#scheduler.isPast(place)) return;
        this.#scheduler.forget(place, first);
        this.#lanes[first] = undefined;
      }
      this.#idle.shift();
    }
  }

  /** As `ActiveQueues` shares the slots: what some do not need goes to those that have more. */
  #prefetchOf(queue: number, lane: number, { ready, hungry }: QueueState): number {
    const { workers, concurrency } = this.setup;
    const activeUsers = this.#activeLanes + (this.#ofLane[lane] === 0 ? 1 : 0);
    const due = 1 / activeUsers;
    const others = Math.max(0, activeUsers - hungry);
    const left = Math.max(0, others * due - (this.#unacknowledged - this.#ofHungry) / concurrency);
    const { size } = prefetchFor({
      concurrency,
      activeUsers,
      weightShare: due,
      slotShare: Math.min(1, due + left / Math.max(1, hungry)),
      workers,
      taskMs: this.#taskMs(lane),
      backlog: ready + this.#ofQueue[queue]!,
    });
    return size;
  }

  #taskMs(lane: number): number | undefined {
    const place = this.#lanes[lane];
    return place === undefined ? this.#times.allMs : this.#times.typicalOf(place);
  }
}
