import type { Confirmable } from '../connection/confirmed-sender.js';
import type { OutgoingTask } from './outgoing-task.js';
import type { NotTaken } from './publisher-contract.js';

/** A queue that takes something again is sent so many times as many at once, until none wait. */
const BURST_GROWTH = 4;

/** A task that is handed over and not confirmed. */
export interface Pending extends Confirmable {
  readonly task: OutgoingTask;
  /** Another one when a task that went with those of others has come back. */
  route: Route;
  /** Counts the tasks in the order in which they were handed over. */
  readonly number: number;
  /** It was sent past the exchange, straight to its queue. */
  isDirect: boolean;
  /** It was sent, and the channel was lost before there was an answer: it may be on the broker. */
  isUnsure: boolean;
}

/** Where tasks go, and what is made where that is missing. */
export interface Way {
  readonly exchange: string;
  readonly key: string;
  readonly queue: string;
  /** Its queue is made where it is not there. */
  readonly isMade: boolean;
  /** Its queue is made before the first task is sent, which would not come back from where it is not there. */
  readonly isMadeFirst?: boolean;
  /** Of a route that users share: where the task of one of them goes. Its queue need not be there. */
  readonly ofTask?: (task: OutgoingTask) => Way;
}

/** What a route asks of its publisher. */
export interface RouteActions {
  /** Sends a task; where it cannot yet be sent, later. */
  publish(pending: Pending): void;
  /** Makes the queue, and then calls `queueMade`. */
  makeQueue(route: Route): void;
  /** No queue is there for the task, and none is made. */
  noQueue(pending: Pending): void;
  /** Tries the queue with one task at a time, and then calls `reopen` or `giveUp`. */
  tryAlone(route: Route): void;
  /** Its queue has taken nothing for long: nothing more becomes of the task. */
  givenUp(pending: Pending): void;
  /** Its queue is full, which is not waited for: nothing more becomes of the task. */
  refused(pending: Pending, reason: NotTaken): void;
  /** The queue takes tasks again, and none waits for it. */
  takesAll(route: Route): void;
}

export type RouteState = 'unknown' | 'probing' | 'open' | 'closed' | 'refused' | 'given up';

/**
 * Where one user's tasks go. They arrive in the order in which they were handed over, so a task waits while it is not
 * known what becomes of those before it. Each user has a route, so that no user waits for another's queue.
 *
 * - `unknown`: nothing is known of the queue, and nothing is under way. The next task is sent alone, as a probe.
 * - `probing`: probes are under way, and all others wait. When each probe is confirmed the route is `open`.
 * - `open`: each task is sent at once, and nothing waits.
 * - `closed`: a task came back, since its queue is missing or not bound. All wait until the queue is made. Then the
 *   oldest is the probe.
 * - `refused`: the queue did not take a task, since it is full or has no leader. All wait while `RefusedRoutes` tries
 *   the oldest on a channel of its own. When that got through, one task is the probe, then 4 are, then 16, until none
 *   wait: a queue that has room for a few would refuse thousands again.
 * - `given up`: the queue has taken nothing for long. No task is sent any more.
 *
 * Where it turns out that a queue is full and nobody waits for it, what waits is refused, and the route is `unknown`.
 *
 * ```
 *   unknown ──a task──▶ probing ──all probes are confirmed──▶ open
 *                        ▲   │                                 │
 *    the queue is made   │   │ a task came back                │
 *                        │   ▼                                 │
 *                       closed ◀──────────a task came back─────┘
 *
 *   any of these ──a task was not taken──▶ refused ──one got through──▶ probing
 *                                             ├──none did for long──▶ given up
 *                                             └──it is full──▶ unknown
 * ```
 *
 * Where tasks would not come back from a queue that is missing, the route begins as `closed`: its queue is made first.
 *
 * When the channel is lost, each route is `unknown` again, and its tasks are taken again in their order. One that is
 * `refused` or `given up` stays so: its queue is no other for that.
 */
export class Route {
  #state: RouteState = 'unknown';
  #waiting: Pending[] = [];
  /** Under way while the route is `probing`. */
  readonly #probes = new Set<Pending>();
  /** Its queue is to be made before anything is sent. */
  #isToBeMade: boolean;
  /** How many tasks the next probe has, after a refusal. */
  #burst: number | undefined;

  /** Since when tasks have come back although the queue is there; milliseconds. */
  unboundSince: number | undefined;
  /** Since when no pruner is at work that might have unbound the queue; milliseconds. */
  unprunedSince: number | undefined;
  /** Since when the queue has taken nothing; milliseconds. */
  refusedSince: number | undefined;
  /** Somebody was told that the queue has taken nothing for long. */
  heldUp = false;
  /** Times in a row that the queue took a task from a channel of its own, and none from the usual one. */
  onlyAlone = 0;
  /** The number of the task that was handed over last. */
  last = -1;

  constructor(
    readonly way: Way,
    private readonly actions: RouteActions,
  ) {
    this.#isToBeMade = way.isMadeFirst === true;
  }

  /** Its queue is to be there before anything is sent to it, bound or not. */
  get isToBeMade(): boolean {
    return this.#isToBeMade;
  }

  get state(): RouteState {
    return this.#state;
  }

  /** Whether nothing is under way. @param oldest the number of the oldest task that is not confirmed */
  isIdle(oldest: number): boolean {
    return this.last < oldest && (this.#state === 'open' || this.#state === 'unknown');
  }

  /** Tasks that wait here. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** The task that waits here and was handed over first. */
  get oldestWaiting(): Pending | undefined {
    this.#sort();
    return this.#waiting[0];
  }

  /** A task is handed over, or is to be sent once more. */
  take(pending: Pending): void {
    switch (this.#state) {
      case 'open':
        this.actions.publish(pending);
        return;
      case 'unknown':
        if (this.#isToBeMade) this.#makeFirst(pending);
        else this.#probe(pending);
        return;
      case 'given up':
        this.actions.givenUp(pending);
        return;
      default:
        this.#waiting.push(pending);
    }
  }

  /** Whether the others wait for this task. */
  isProbe(pending: Pending): boolean {
    return this.#probes.has(pending);
  }

  /** The others wait until it is known what becomes of this task, which is not sent before. */
  waitFor(pending: Pending): void {
    this.#state = 'probing';
    this.#probes.add(pending);
  }

  /** The broker has the task. */
  confirmed(pending: Pending): void {
    this.gotThrough();
    this.onlyAlone = 0;
    if (this.#probes.size === 0 || !this.#probes.delete(pending) || this.#probes.size > 0) return;
    this.unboundSince = undefined;
    this.unprunedSince = undefined;
    this.#open();
  }

  /** The queue takes something. */
  gotThrough(): void {
    this.refusedSince = undefined;
    this.heldUp = false;
  }

  /** Nothing more becomes of a task, for a reason that is not the queue's: the others need not wait for it. */
  without(pending: Pending): void {
    if (this.#probes.delete(pending) && this.#probes.size === 0) this.#open();
  }

  /** The broker found no queue for the task. */
  returned(pending: Pending): void {
    if (!this.way.isMade) {
      this.#probes.delete(pending);
      this.actions.noQueue(pending);
      if (this.#state !== 'refused' && this.#state !== 'given up') this.#probeNext();
      return;
    }
    if (!this.#setAside(pending) || this.#state === 'closed' || this.#state === 'refused') return;
    this.#state = 'closed';
    this.actions.makeQueue(this);
  }

  /** Somebody has made the queue, or bound it, or it is to be seen whether somebody has. */
  queueMade(): void {
    this.#isToBeMade = false;
    if (this.#state === 'closed') this.#probeNext();
  }

  /** The queue did not take the task. */
  nacked(pending: Pending): void {
    if (!this.#setAside(pending) || this.#state === 'refused') return;
    this.#state = 'refused';
    this.actions.tryAlone(this);
  }

  /** A task got through alone: it no longer waits. */
  aloneConfirmed(pending: Pending): void {
    this.#waiting.splice(this.#waiting.indexOf(pending), 1);
    this.gotThrough();
    this.onlyAlone++;
  }

  /**
   * The queue is sent tasks the usual way again: one, and then more and more of them.
   *
   * @param hasChannel otherwise the next channel takes what waits
   */
  reopen(hasChannel: boolean): void {
    this.#burst = 1;
    this.#state = 'unknown';
    if (hasChannel) this.#open();
  }

  /** Nothing more is sent to the queue. */
  giveUp(): void {
    this.#state = 'given up';
    for (const pending of this.#waiting.splice(0)) this.actions.givenUp(pending);
  }

  /** The queue is full, and that is not waited for. The next task finds out whether it still is. */
  refuse(reason: NotTaken): void {
    this.#burst = undefined;
    this.refusedSince = undefined;
    this.#state = 'unknown';
    this.#sort();
    for (const pending of this.#waiting.splice(0)) this.actions.refused(pending, reason);
  }

  /** Nothing is under way any more. Each task that is not confirmed is to be taken again. */
  channelLost(): void {
    this.#waiting = [];
    this.#probes.clear();
    if (this.#state !== 'refused' && this.#state !== 'given up') this.#state = 'unknown';
  }

  /** Tasks handed over first come first: each comes back for itself. */
  #sort(): void {
    this.#waiting.sort((a, b) => a.number - b.number);
  }

  #makeFirst(pending: Pending): void {
    this.#waiting.push(pending);
    this.#state = 'closed';
    this.actions.makeQueue(this);
  }

  #probe(pending: Pending): void {
    this.waitFor(pending);
    this.actions.publish(pending);
  }

  #probeNext(): void {
    this.#sort();
    const first = this.#waiting.shift();
    if (first !== undefined) this.#probe(first);
    else this.#state = 'unknown';
  }

  /** @returns whether the task waits now */
  #setAside(pending: Pending): boolean {
    if (this.#state === 'given up') {
      this.actions.givenUp(pending);
      return false;
    }
    this.#probes.clear();
    this.#waiting.push(pending);
    return true;
  }

  #open(): void {
    this.#sort();
    const waiting = this.#waiting;
    if (this.#burst !== undefined && waiting.length > this.#burst) {
      const burst = waiting.splice(0, this.#burst);
      this.#burst *= BURST_GROWTH;
      for (const pending of burst) this.waitFor(pending);
      for (const pending of burst) this.actions.publish(pending);
      return;
    }
    this.#burst = undefined;
    this.#state = 'open';
    this.#waiting = [];
    this.actions.takesAll(this);
    // The broker may have to be asked about one of them first, and then the others wait behind it.
    for (const pending of waiting) this.take(pending);
  }
}
