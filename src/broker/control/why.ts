import type { SilentPeer, ToldLane, ToldPlace, ToldTenant } from '../../core/explain/told.js';

/** The question why something waits; every worker answers. It names a queue, a tenant or a task: one of the three. */
export interface WhyQuestion {
  readonly kind: 'why';
  /** Unique to the question. */
  readonly request: string;
  readonly queue?: string;
  readonly tenant?: string;
  /** Of a task. */
  readonly id?: string;
}

/** A worker's answer to `why`. */
export interface BecauseAnswer extends Because {
  readonly kind: 'because';
  /** That of the question. */
  readonly request: string;
  /** Its id; `name` is for people. */
  readonly worker: string;
  readonly name: string;
}

/** What a worker knows of why something waits. Times are milliseconds. */
export interface Because {
  readonly slots: number;
  readonly busy: number;
  /** It has taken up every queue that there was. */
  readonly ready: boolean;
  /** Users that have tasks here, or had some a moment ago. */
  readonly users: number;
  /** Typical run time of all tasks here; null before the first has ended. */
  readonly allMs: number | null;
  /** The revision of the policy that it goes by; null where it cannot know. */
  readonly revision: number | null;
  /** It is one of those for the queue that was asked for, be it there or not. */
  readonly serves: boolean;
  /** Undefined where it does not consume the queue. Of a task: that of its queue, where the task is here. */
  readonly lane?: ToldLane;
  /** Undefined where it knows of no such tenant. */
  readonly tenant?: ToldTenant;
  /** Where the task is, if it is prefetched here. */
  readonly task?: ToldPlace;
  /** Workers that it has heard and hears no more, and that have not said goodbye. */
  readonly silent: readonly SilentPeer[];
}

/** Keeps an answer in one message of a size that every broker takes. */
export const MOST_SILENT = 100;
export const MOST_USERS_TOLD = 100;
