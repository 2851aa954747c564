import type { Rate } from '../policy/policy-document.js';

/** A worker, and how many tasks of the one who waits are there. */
export interface TasksAt {
  readonly worker: string;
  readonly tasks: number;
}

/** Whose setting it is. */
export interface SetFor {
  readonly of: 'user' | 'tenant';
  readonly name: string;
  /** The rule that says so: a name or a glob. */
  readonly rule: string;
  /** Who set it. */
  readonly by: string;
  /** Milliseconds since the epoch, as all moments. */
  readonly since: number;
  /** It ends then; undefined: it holds until somebody takes it back. */
  readonly until?: number;
  /** In words of who set it. */
  readonly said?: string;
}

/**
 * Why something waits: all that there is. Each has the number that proves it. Moments are milliseconds since the epoch.
 */
export type Reason =
  // What became of a task that waits no more.
  | { readonly why: 'done'; readonly at?: number }
  | { readonly why: 'dead-letter'; readonly attempts?: number; readonly error?: string }
  | { readonly why: 'runs'; readonly tasks: number; readonly at: readonly TasksAt[]; readonly since?: number }
  // Nothing can go on.
  | { readonly why: 'broker-alarm'; readonly alarms: readonly string[] }
  | { readonly why: 'queue-down'; readonly queue: string }
  // What comes does not get in.
  | { readonly why: 'unbound'; readonly queue: string }
  | BacklogFullReason
  | { readonly why: 'no-queue'; readonly queue: string }
  /** It has no queue of its own: `ready` tasks wait in those that it shares, and whose they are is not known. */
  | { readonly why: 'shares'; readonly queues: number; readonly ready: number }
  | { readonly why: 'nothing-waits' }
  // Nobody may, or can, start it.
  | PausedReason
  | { readonly why: 'no-worker'; readonly waiting: number; readonly others: number }
  | { readonly why: 'starting'; readonly workers: readonly string[] }
  | { readonly why: 'silent-worker'; readonly workers: readonly Silent[]; readonly tasks?: number }
  | { readonly why: 'retry-due'; readonly tasks: number; readonly at: number; readonly attempt?: number }
  | { readonly why: 'maybe-delayed'; readonly tasks: number; readonly queues: readonly string[] }
  | { readonly why: 'not-due'; readonly at: number }
  | HeldBackReason
  | RateReason
  | CapReason
  | { readonly why: 'order'; readonly running: number; readonly at: readonly TasksAt[] }
  // It is somebody else's turn.
  | TenantShareReason
  | TurnReason
  | { readonly why: 'slots-busy'; readonly busy: number; readonly slots: number; readonly workers: number }
  | { readonly why: 'behind-own'; readonly ahead: number; readonly most: number; readonly worker?: string }
  | { readonly why: 'starts-now'; readonly free: number }
  | { readonly why: 'unknown'; readonly what: string };

export interface Silent {
  readonly worker: string;
  /** Since when by another worker's word; undefined where nobody has heard it before. */
  readonly since?: number;
}

export interface BacklogFullReason {
  readonly why: 'backlog-full';
  readonly limit: number;
  readonly ready: number;
  /** Undefined where no rule has this limit. */
  readonly setFor?: SetFor;
  /** The rule that had it: it has ended or was taken back, and RabbitMQ still goes by it. */
  readonly endedRule?: string;
}

/** A worker that had started it is gone, and may have died of it. */
export interface HeldBackReason {
  readonly why: 'held-back';
  readonly tasks: number;
  readonly at: readonly TasksAt[];
  /** Of a task: it is next then at the latest, after so many. */
  readonly until?: number;
  readonly ahead?: number;
}

export interface PausedReason extends SetFor {
  readonly why: 'paused';
  /** Tasks that had started before. */
  readonly running: number;
}

export interface RateReason extends SetFor {
  readonly why: 'rate';
  readonly rate: Rate;
  /** Until the next token may come; undefined where nobody knows. */
  readonly nextTokenMs?: number;
}

export interface CapReason extends SetFor {
  readonly why: 'cap';
  readonly cap: number;
  /** It binds only while others wait. */
  readonly whenBusy?: true;
  readonly running: number;
  readonly at: readonly TasksAt[];
}

/** Users take turns. Where its own comes first, so many others are before it. */
export interface TurnReason {
  readonly why: 'turn';
  /** Null where none of its tasks is prefetched there at this moment. */
  readonly before: number | null;
  readonly worker: string;
  /** Users with tasks there. */
  readonly users: number;
  /** Of the slots of all workers that serve it, as a part of 1. */
  readonly share: number;
}

/** Other tenants are before its own. */
export interface TenantShareReason {
  readonly why: 'tenant-share';
  readonly tenant: string;
  readonly before: number;
  /** Of the slots, as a part of 1: that of who is asked about. */
  readonly share: number;
}

export type Why = Reason['why'];

/**
 * Which reason decides where several hold: the first. What ends a wait for good comes before what an operator has set;
 * that before what workers lack; and whose turn it is comes last.
 */
export const PRECEDENCE: readonly Why[] = [
  'done',
  'dead-letter',
  'runs',
  'broker-alarm',
  'queue-down',
  'no-queue',
  'paused',
  'no-worker',
  'not-due',
  'retry-due',
  'held-back',
  'silent-worker',
  'starting',
  'rate',
  'cap',
  'order',
  'behind-own',
  'tenant-share',
  'turn',
  'slots-busy',
  'starts-now',
  'shares',
  'unbound',
  'maybe-delayed',
  'nothing-waits',
  'backlog-full',
  'unknown',
];

/** A reason, and whether it holds for some of the tasks that wait only. */
export interface Held {
  readonly reason: Reason;
  readonly isOfSome?: boolean;
}

/** The one that decides first: what keeps all tasks comes before what keeps some of them. */
export function byPrecedence(held: readonly Held[]): Reason[] {
  const rank = ({ reason, isOfSome }: Held) =>
    PRECEDENCE.indexOf(reason.why) + (isOfSome === true ? PRECEDENCE.length : 0);
  return [...held].sort((a, b) => rank(a) - rank(b)).map(({ reason }) => reason);
}
