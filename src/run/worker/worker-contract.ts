import type { Connection } from '../../broker/connection/connection.js';
import type { EventSearch } from '../../broker/control/event-search.js';
import type { Management } from '../../broker/management/management.js';
import type { QueueKind } from '../../broker/queues/topology.js';
import type { TaskEvent } from '../../core/events/task-event.js';
import type { RetryPolicy } from '../../core/message/retry-policy.js';
import type { Names } from '../../core/queues/names.js';
import type { BrokerTells } from '../../core/queues/noticing.js';
import type { Charging } from '../../core/scheduling/charging.js';
import type { Prefetch } from '../../core/scheduling/prefetch.js';
import type { Weights } from '../../core/scheduling/weights.js';
import type { TenantRule } from '../../core/tenants/tenant-rule.js';
import type { Clock } from '../../core/values/clock.js';
import type { DeliveredTask } from './task/delivered-task.js';
import type { MessageFormat } from './task/message-format.js';
import type { RunFailure } from './task/run-failure.js';

/** What a worker works with. */
export interface WorkerDeps {
  readonly connection: Connection;
  readonly management: Management;
  readonly names: Names;
  readonly clock: Clock;
  /** For messages that have no id. */
  readonly newId: () => string;
  /** Where the broker's own events are looked for. */
  readonly events: Omit<EventSearch, 'connection' | 'management'>;
}

/** What its parts work with that have channels of their own. */
export type ChannelDeps = Pick<WorkerDeps, 'connection' | 'names' | 'clock'>;

export type WorkerStrategy = 'fair' | 'arrival';

export interface ResultOptions {
  /** For how long a result is shown, milliseconds; 0: none is kept. */
  readonly ttlMs: number;
  /** Of a result as JSON; what is larger is not kept. */
  readonly mostBytes: number;
}

export interface WorkerOptions {
  readonly name: string;
  readonly concurrency: number;
  /** Globs over names of queues; none included: every user queue. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Names of queues to serve beside these; they are made where they are missing. */
  readonly also: readonly string[];
  readonly weights: Weights;
  /** Whom users belong to, and how much each tenant counts; undefined: fair between users alone. */
  readonly tenants?: { readonly rule: TenantRule; readonly weights: Weights } | undefined;
  readonly charging: Charging;
  readonly prefetch: number | undefined;
  readonly strategy: WorkerStrategy;
  /** Stop after so many starts. */
  readonly count: number;
  /** Stop when every queue is empty, or when nothing has run for `idleForMs`; undefined: run on. */
  readonly exitWhen: 'empty' | 'idle' | undefined;
  readonly idleForMs: number;
  /** Start only when so many workers are ready, this one included. */
  readonly waitForWorkers: number;
  /** An event loop that does not turn for longer is spoken of. */
  readonly stallMs: number;
  /** A task that runs longer counts as failed; undefined: it may run for ever. */
  readonly taskTimeoutMs: number | undefined;
  readonly retry: RetryPolicy;
  /** A task that was there when so many workers died is a dead letter; undefined: nobody counts. */
  readonly maxCrashes: number | undefined;
  /** What the queue of a user is made as when it has to be made again for a retry. */
  readonly queueKind: QueueKind;
  /**
   * Each user's tasks run one by one, in the order of their queue: a task that failed is tried again before
   * the next one starts.
   */
  readonly ordered: boolean;
  readonly results: ResultOptions;
  /** What messages look like: fairq's own, or those of others. */
  readonly format: MessageFormat;
  /** Queues that nobody announced are found by listing them, so often. */
  readonly discoverEveryMs: number;
  /** A queue that a worker has made for a light user that became heavy goes when it has been empty for so long. */
  readonly demoteAfterMs: number;
}

/** Told of each task. Most workers have none, and pay nothing for it. */
export interface TaskWatcher {
  /** It was delivered, and waits here for its turn. */
  onTaskReceived?(task: DeliveredTask): void;
  /**
   * Its handler is about to be called.
   *
   * @param name of the task
   * @param startedAt microseconds since the epoch
   */
  onTaskStarted?(task: DeliveredTask, name: string, startedAt: number): void;
}

export interface WorkerListener extends TaskWatcher {
  onReady(queues: number): void;
  /** Whether new users are noticed by the broker's own events; again when that has changed. */
  onBrokerTells(broker: BrokerTells): void;
  onWarning(text: string): void;
  /** Why the worker does what it does, for who asks. */
  onDetail(text: string): void;
  /** The prefetch of a user's queue has changed. */
  onPrefetch(user: string, prefetch: Prefetch): void;
  /**
   * An attempt of a task, however it ended.
   *
   * @param isCrash it is a dead letter, since its workers died
   * @param failure undefined where it is done
   * @param value what its handler returned then
   */
  onTaskEnded(event: TaskEvent, isCrash: boolean, failure: RunFailure | undefined, value: unknown): void;
  /** It has run, and what it returned is not kept. */
  onResultDropped(event: TaskEvent, reason: string): void;
  /**
   * Its next attempt, or its dead letter, is safe.
   *
   * @param retryAfterMs when it is tried again; undefined: it is a dead letter
   */
  onTaskFailed(user: string, id: string, reason: string, retryAfterMs: number | undefined): void;
  /** It failed, and the queue in which it is to wait, or to be a dead letter, does not take it: said once of each. */
  onFailureStuck(user: string, id: string, reason: string, queue: string): void;
}
