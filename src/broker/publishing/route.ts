import type { OutgoingTask } from './outgoing-task.js';

/** A task that is handed over and not confirmed. */
export interface Pending {
  readonly task: OutgoingTask;
  readonly route: Route;
  readonly number: number;
  /** It is on its way to the broker, and not kept here until its queue is there. */
  sent: boolean;
  /** On a channel of its own, which nothing else depends on. */
  alone: boolean;
}

/** Where tasks go, and what is made where that is missing. */
export interface Way {
  readonly exchange: string;
  readonly key: string;
  readonly queue: string;
  /** Its queue is made where it is not there. */
  readonly isMade: boolean;
}

/**
 * Where one user's tasks go. The first task of a user is sent alone (`probing`) to see whether it
 * can be routed; until it is confirmed the user's others wait, so that their order holds. Once it
 * went through the route is `open`. A task that comes back makes it `closed` until the queue is there;
 * one that the queue does not take makes it `refused` until it does, and others' tasks go on meanwhile.
 */
export interface Route extends Way {
  state: 'unknown' | 'probing' | 'open' | 'closed' | 'refused';
  waiting: Pending[];
  /** While probing: sent, and not confirmed. */
  readonly probes: Set<Pending>;
  /** Since when tasks have come back although the queue is there. */
  unboundSince: number | undefined;
  /** Since when no pruner is at work that might have it in hand. */
  unprunedSince: number | undefined;
  /** Since when the queue has taken nothing. */
  refusedSince: number | undefined;
  /** Somebody was told that it has taken nothing for long. */
  heldUp: boolean;
  /** After a refusal: how many tasks are sent at once, more each time; a queue that is full refuses thousands again. */
  burst: number | undefined;
  /** Times in a row that only a fresh channel was of use. */
  onlyFresh: number;
  /** The queue has taken nothing for long: nothing more is sent. */
  givenUp: boolean;
}

export function newRoute(way: Way): Route {
  return {
    ...way,
    state: 'unknown',
    waiting: [],
    probes: new Set(),
    givenUp: false,
    onlyFresh: 0,
    unboundSince: undefined,
    unprunedSince: undefined,
    refusedSince: undefined,
    burst: undefined,
    heldUp: false,
  };
}
