import type { Connection } from '../../broker/connection/connection.js';
import type { NamedQueues, OutgoingTask } from '../../broker/publishing/publisher.js';
import type { OnState, TaskWait } from '../tasks/awaited-tasks.js';

/** Where tasks are sent, and what their workers need. */
export interface Target {
  /** An application's workers run the tasks: fairq could say no more of them than that they were sent. */
  readonly isForeign: boolean;
  /** The queues of users, where an application has named them. */
  readonly namedQueues: NamedQueues | undefined;
  /** Runs before the first task is sent. @param users those that are known by then */
  prepare(users: readonly string[]): Promise<void>;
  /** What a task carries for its workers, beside its payload; undefined where that is nothing. */
  partsOf(id: string): Pick<OutgoingTask, 'headers' | 'properties'> | undefined;
}

/** A target that is there, until it is closed. */
export interface OpenDestination extends Target {
  /** Begins to wait for what becomes of tasks, before the first of them is sent. */
  wait(onState: OnState): Promise<TaskWait>;
  close(): void;
}

/** Whose workers run the tasks. It is chosen once, from the flags, and whoever sends asks nothing else. */
export interface Destination {
  /** The name of the tasks. */
  readonly task: string;
  /** The payload of each task, or its file as `@file`; undefined: what is asked for by its size or duration. */
  readonly payload: string | undefined;
  /** The queue of a user, where it is not fairq's own. Throws where a user can have none. */
  readonly queueOf: ((user: string) => string) | undefined;
  open(connection: Connection): Promise<OpenDestination>;
}
