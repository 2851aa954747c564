import { EventHeap } from '../values/event-heap.js';
import { Fifos } from './fifos.js';
import { NumberSet } from './number-set.js';
import type { Played } from './played.js';
import { Promotions } from './promotions.js';
import type { Routing } from './routing.js';
import type { SimulatedLoad } from './simulated-load.js';
import { SimulatedWorker } from './simulated-worker.js';

/** Moments between two looks of whoever waits for the end. */
const LOOK_EVERY = 4_096;

export interface PlaybackSetup {
  readonly workers: number;
  readonly concurrency: number;
}

/**
 * Plays a load in virtual time. The broker is queues that deal out tasks to the workers in turn, as far as their
 * prefetch lets them; a message takes no time. At each moment tasks arrive and end first, then the queues deliver, and
 * then free slots start what is prefetched.
 */
export class Playback {
  readonly #queues: Fifos;
  readonly #workers: readonly SimulatedWorker[];
  /** The worker whose turn it is at each queue. */
  readonly #turns: Uint16Array;
  /** Queues with more than is prefetched of them, whose prefetch follows what users need. */
  readonly #hungry: NumberSet;
  /** Queues that may have something to deliver. */
  readonly #touched: NumberSet;
  readonly #promotions: Promotions | undefined;
  /** Tasks that are or were in the own queue of a promoted user. */
  readonly #inOwn: Uint8Array;
  /** Slots of all workers, by what they run; then a number for each worker that moves tasks. */
  readonly #events: EventHeap;
  readonly #running: Int32Array;
  readonly #used: Uint8Array;
  #now = 0;

  constructor(
    private readonly load: SimulatedLoad,
    private readonly setup: PlaybackSetup,
    private readonly routing: Routing,
    private readonly played: Played,
  ) {
    const { workers, concurrency } = setup;
    const { queues } = routing;
    this.#queues = new Fifos(queues, load.users.length);
    this.#workers = Array.from({ length: workers }, () => new SimulatedWorker(routing, setup));
    this.#turns = new Uint16Array(queues);
    this.#hungry = new NumberSet(queues);
    this.#touched = new NumberSet(queues);
    this.#used = new Uint8Array(queues);
    this.#promotions = routing instanceof Promotions ? routing : undefined;
    this.#inOwn = new Uint8Array(this.#promotions === undefined ? 0 : load.users.length);
    this.#events = new EventHeap(workers * concurrency + workers);
    this.#running = new Int32Array(workers * concurrency);
  }

  /** Plays it to the end; stops now and then for whoever looks on. */
  *play(): Generator<void> {
    const { load, played } = this;
    const total = load.users.length;
    let next = 0;
    for (let moment = 1; played.ended < total; moment++) {
      const due = next < total ? load.dueMs[next]! : Number.POSITIVE_INFINITY;
      this.#now = Math.min(due, this.#events.time);
      this.#promotions?.goTo(this.#now);
      while (next < total && load.dueMs[next]! <= this.#now) this.#arrive(next++);
      // What begins at this moment and takes no time ends at the next one.
      for (let left = this.#events.size; left > 0 && this.#events.time <= this.#now; left--) this.#happen();
      this.#deliver();
      this.#start();
      this.#feed();
      if (moment % LOOK_EVERY === 0) yield;
    }
    const { promotions = 0, demotions = 0, mostOwn = 0 } = this.#promotions ?? {};
    Object.assign(played, { promotions, demotions, queues: this.#queuesUsed() + mostOwn });
    played.meter?.end(this.#now);
  }

  #arrive(task: number): void {
    this.played.arrive(task);
    this.#enqueue(this.routing.queueOf(this.load.users[task]!), task, true);
  }

  #happen(): void {
    const event = this.#events.pop();
    const slots = this.#running.length;
    if (event >= slots) {
      this.#moved(this.#workers[event - slots]!, event);
      return;
    }
    const task = this.#running[event]!;
    const { concurrency } = this.setup;
    const worker = this.#workers[Math.floor(event / concurrency)]!;
    const user = this.load.users[task]!;
    const queue = this.#queueOfTask(task, user);
    worker.freeSlots.push(event % concurrency);
    worker.ended(this.routing.laneOf(user), this.load.durationMs[task]!);
    this.#acknowledge(worker, queue, user);
    if (this.#promotions?.isShared(queue) === false) this.#promotions.ended(user, this.#now);
    this.played.end(task, this.#now);
  }

  #start(): void {
    const { concurrency } = this.setup;
    for (let index = 0; index < this.#workers.length; index++) {
      const worker = this.#workers[index]!;
      while (worker.canStart) {
        const task = worker.next()!;
        const slot = index * concurrency + worker.freeSlots.pop()!;
        const user = this.load.users[task]!;
        this.#running[slot] = task;
        this.played.start(task, this.#now);
        this.#events.push(slot, this.#now + this.load.durationMs[task]!);
        this.#restIfDone(worker, this.#queueOfTask(task, user), user);
      }
    }
  }

  #deliver(): void {
    const touched = this.#touched;
    // Moves and promotions touch more queues, none at this moment.
    for (let i = 0; i < touched.size; i++) this.#deliverFrom(touched.at(i));
    touched.clear();
  }

  /** A slot that has nothing to start: queues that were not touched may have a larger prefetch by now. */
  #feed(): void {
    if (this.#hungry.size === 0) return;
    if (!this.#workers.some((worker) => worker.isStarved)) return;
    for (let i = 0; i < this.#hungry.size; i++) this.#touched.add(this.#hungry.at(i));
    this.#deliver();
    this.#start();
  }

  #deliverFrom(queue: number): void {
    const { sizes } = this.#queues;
    while (sizes[queue]! > 0) {
      const lane = this.routing.laneOf(this.load.users[this.#queues.first(queue)]!);
      const worker = this.#nextWithRoom(queue, lane);
      if (worker === undefined) return;
      const task = this.#queues.shift(queue);
      worker.delivered(queue, lane, this.#hungry.has(queue));
      if (sizes[queue] === 0) this.#setHungry(queue, false);
      this.#receive(worker, queue, task);
    }
  }

  #nextWithRoom(queue: number, lane: number): SimulatedWorker | undefined {
    const state = { ready: this.#queues.sizes[queue]!, hungry: this.#hungry.size };
    for (let left = this.#workers.length; left > 0; left--) {
      const turn = this.#turns[queue]!;
      this.#turns[queue] = (turn + 1) % this.#workers.length;
      const worker = this.#workers[turn]!;
      if (worker.hasRoom(queue, lane, state)) return worker;
    }
    return undefined;
  }

  #receive(worker: SimulatedWorker, queue: number, task: number): void {
    const user = this.load.users[task]!;
    const promotions = this.#promotions;
    if (promotions === undefined || !promotions.isShared(queue)) {
      worker.push(this.routing.laneOf(user), task);
    } else if (promotions.isPromoted(user)) {
      this.#move(worker, task);
    } else if (worker.push(user, task) > promotions.limit) {
      promotions.promote(user);
      for (const one of this.#workers) for (const back of one.takeBack(user)) this.#move(one, back);
    }
  }

  /** It goes to the end of its user's own queue, after what the worker moves already. */
  #move(worker: SimulatedWorker, task: number): void {
    this.#promotions!.taken(this.load.users[task]!);
    worker.moves.push(task);
    if (worker.moves.size === 1) this.#moveNext(this.#running.length + this.#workers.indexOf(worker));
  }

  #moveNext(event: number): void {
    this.#events.push(event, this.#now + this.#promotions!.rules.moveMs);
  }

  #moved(worker: SimulatedWorker, event: number): void {
    const task = worker.moves.shift()!;
    const user = this.load.users[task]!;
    const promotions = this.#promotions!;
    this.#acknowledge(worker, promotions.home(user), user);
    this.#enqueue(promotions.ownQueue(user), task, false);
    this.played.moved++;
    if (worker.moves.size > 0) this.#moveNext(event);
  }

  #enqueue(queue: number, task: number, isNew: boolean): void {
    const promotions = this.#promotions;
    if (promotions?.isShared(queue) === false) {
      this.#inOwn[task] = 1;
      if (isNew) promotions.taken(this.load.users[task]!);
    } else {
      this.#used[queue] = 1;
    }
    this.#queues.push(queue, task);
    if (this.#queues.sizes[queue] === 1 && promotions?.isShared(queue) !== true) this.#setHungry(queue, true);
    this.#touched.add(queue);
  }

  #setHungry(queue: number, isHungry: boolean): void {
    if (this.#hungry.has(queue) === isHungry) return;
    if (isHungry) this.#hungry.add(queue);
    else this.#hungry.delete(queue);
    for (const worker of this.#workers) worker.hungers(queue, isHungry);
  }

  #acknowledge(worker: SimulatedWorker, queue: number, user: number): void {
    worker.acknowledged(queue, this.routing.laneOf(user), this.#hungry.has(queue));
    if (this.#queues.sizes[queue]! > 0) this.#touched.add(queue);
  }

  /** Nothing of the queue is on its way, so its lane saves up no turns. */
  #restIfDone(worker: SimulatedWorker, queue: number, user: number): void {
    if (this.#promotions?.isShared(queue) === true || this.#queues.sizes[queue] === 0)
      worker.rest(this.routing.laneOf(user));
  }

  #queueOfTask(task: number, user: number): number {
    const promotions = this.#promotions;
    if (promotions === undefined) return this.routing.queueOf(user);
    return this.#inOwn[task] === 1 ? promotions.ownQueue(user) : promotions.home(user);
  }

  /** Own queues of promoted users come and go, and are counted where they do. */
  #queuesUsed(): number {
    return this.#used.reduce((sum, used) => sum + used, 0);
  }
}
