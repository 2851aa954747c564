import type { Found } from '../../core/policy/policy.js';
import type { QueueKind } from '../queues/topology.js';
import type { SpreadWay } from '../units/spread.js';
import type { OutgoingTask } from './outgoing-task.js';

/** User queues that are not fairq's own: an application has named them, and they are reached by their name. */
export interface NamedQueues {
  queueOf(user: string): string;
  /** Makes one that is not there. */
  make(queue: string): Promise<void>;
}

export interface NotTaken {
  /**
   * - `full`: its queue has taken nothing for long, for whatever reason
   * - `queue-full`: its queue is full, which was not waited for
   * - `backlog-full`: the same, and a backlog limit of the policy says so
   */
  readonly kind: 'full' | 'queue-full' | 'backlog-full' | 'too-large';
  readonly text: string;
  /** That is reached. */
  readonly limit?: Found<number>;
  /** It was sent before, and there was no answer: it may be on the broker all the same. */
  readonly isUnsure?: true;
}

export interface FullQueuesOptions {
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
  /** Whether a queue that is full for another reason than a backlog limit is not waited for, either. */
  readonly isImpatient: boolean;
}

/** What has a queue, where somebody has said so. */
export type PublisherUnits =
  | { readonly kind: 'user' }
  | {
      readonly kind: 'shared';
      /** How many queues light users share. */
      readonly count: number;
      /** How tasks get there. */
      readonly way: SpreadWay;
      /** Sets them up again. */
      setUp(): Promise<SpreadWay>;
    };

export interface PublisherOptions {
  readonly queueKind: QueueKind;
  /** Undefined: what is set up on the broker is followed. */
  readonly units?: PublisherUnits | undefined;
  /** How many tasks of a user are known to come. */
  readonly tasksOf?: ((user: string) => number) | undefined;
  /** Instead of fairq's own. */
  readonly namedQueues?: NamedQueues | undefined;
  /** Instead of the user's own: one routing key and queue for all (strategy `fifo`). */
  readonly sharedQueue?: string;
  /** A queue that a task names is made, too, where it is missing; otherwise only one of fairq's own is. */
  readonly makesAllQueues?: boolean;
  /**
   * It goes on for as long as its process: it forgets users of whom nothing is under way, and a queue that was given up is
   * tried again with the next task.
   */
  readonly isEndless?: boolean;
  readonly maxInFlight?: number;
  readonly onConfirmed: (task: OutgoingTask) => void;
  /** The queue that the task names is not there; nothing more becomes of the task here. */
  readonly onNoQueue?: (task: OutgoingTask, queue: string) => void;
  /**
   * The broker does not take the task: its queue has taken nothing for long, or it is too large. Nothing more becomes of
   * it here, and others go on. Without this a queue that refuses is tried for ever.
   */
  readonly onNotTaken?: (task: OutgoingTask, reason: NotTaken) => void;
  /** Makes it ask why a queue refuses a task, where `onNotTaken` is there: it does not wait for one that is full, then. */
  readonly fullQueues?: FullQueuesOptions;
  /** Where it is tried for ever: the queue has taken nothing for long. Said once, until it takes something again. */
  readonly onHeldUp?: (queue: string, text: string) => void;
  /** For who awaits neither `ready` nor `settled`, which reject with it. */
  readonly onFailure?: (error: Error) => void;
}
