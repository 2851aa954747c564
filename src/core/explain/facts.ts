import type { TaskState } from '../events/task-state.js';
import type { InForce } from '../policy/policy.js';
import type { Silent } from './reason.js';
import type { ToldLane, ToldTenant } from './told.js';

/** Who, or what, is asked about. */
export interface Subject {
  /** `queue`: one of a group, or one that fairq did not make. */
  readonly of: 'user' | 'queue' | 'tenant' | 'task';
  readonly name: string;
}

/** What the broker says of the queue. */
export interface QueueFacts {
  readonly name: string;
  readonly ready: number;
  readonly consumers: number;
  /** Delivered and not acknowledged, up to 5 s ago; undefined where the broker does not say. */
  readonly unacknowledged?: number;
  /** Publishers reach it; undefined where that is not known, and of a queue that fairq did not make. */
  readonly bound?: boolean;
  /** Its tasks run in their order, one at a time. */
  readonly ordered?: boolean;
  /** The most that may wait in it, by its arguments or by whatever policy. */
  readonly maxLength?: number;
  /** The rule whose backlog limit RabbitMQ goes by there, be it still set or not. */
  readonly backlogRule?: string;
}

/** The queues that light users share. */
export interface SharedFacts {
  readonly queues: number;
  /** What waits in them, of whomever. */
  readonly ready: number;
  /** Of all of them together. */
  readonly consumers: number;
}

/** What a worker says of itself and of the queue. */
export interface WorkerFacts {
  readonly name: string;
  readonly slots: number;
  readonly busy: number;
  /** It has taken up all queues. */
  readonly ready: boolean;
  /** The queue is one of those that it is for. */
  readonly serves: boolean;
  /** Users with tasks there. */
  readonly users: number;
  readonly allMs: number | null;
  readonly lane?: ToldLane;
  readonly tenant?: ToldTenant;
}

/** A task that is asked about. */
export interface TaskFacts {
  readonly state: TaskState;
  /** Where it is prefetched, and tasks of its queue that start before it there; undefined where it is not. */
  readonly place?: { readonly worker: string; readonly ahead: number };
}

/** All that could be found out at one moment. What is not known is not there. */
export interface Facts {
  /** Names of workers that are connected and have not answered, and of which the broker lists no consumer of the queue. */
  readonly unanswered?: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly subject: Subject;
  /** The name of its queue, be that there or not; undefined of a tenant, and of a task whose user is not known. */
  readonly queueName?: string;
  /** Undefined where it is not there, or is down. */
  readonly queue?: QueueFacts;
  /** The queue is there and does not answer: most of the nodes with its tasks are away. */
  readonly queueDown?: true;
  /** Of a user without a queue: the queues that such users share. Undefined where there are none, or it has a queue. */
  readonly shared?: SharedFacts;
  /** Alarms of the broker; undefined where it does not say. */
  readonly alarms?: readonly string[];
  /** Those that answered; undefined where none could be asked. */
  readonly workers?: readonly WorkerFacts[];
  /** Workers that consume the queue, by the broker's word, and did not answer. */
  readonly silent: readonly Silent[];
  /** What is set for the user; undefined where that could not be read, or it is no user. */
  readonly limits?: InForce;
  /** The tenant, and what is set for it. */
  readonly tenant?: { readonly name: string; readonly limits: InForce };
  /** Of a tenant: what waits in the queues of its users. */
  readonly tenantReady?: number;
  readonly task?: TaskFacts;
  /** Tasks in delay queues that no worker has: whose they are nobody knows. */
  readonly delayed?: { readonly tasks: number; readonly queues: readonly string[] };
  /** What could not be found out, in words. */
  readonly unknown: readonly string[];
}
