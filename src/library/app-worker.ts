import type { Connection } from '../broker/connection/connection.js';
import { Management } from '../broker/management/management.js';
import type { QueueType } from '../broker/queues/topology.js';
import { usageError } from '../core/errors/errors.js';
import type { TaskEvent } from '../core/events/task-event.js';
import { parseBackoff } from '../core/message/retry-policy.js';
import { findByTask } from '../core/queues/fixed-queue.js';
import { EVENTS_CONNECTION, WORKER_CONNECTION } from '../core/queues/names.js';
import type { WorkerReport } from '../core/reports/worker-report.js';
import { Weights } from '../core/scheduling/weights.js';
import { deferred } from '../core/values/deferred.js';
import { WORKER_DEFAULTS } from '../core/values/worker-defaults.js';
import { fixedQueueOf } from '../run/publish/fixed-queue-of.js';
import { type HandlerFunction, handlersByName } from '../run/worker/handlers/handler-functions.js';
import type { Handlers } from '../run/worker/handlers/handlers.js';
import { stallMsOf } from '../run/worker/slots/stall-report.js';
import { OWN_FORMAT } from '../run/worker/task/message-format.js';
import { Worker } from '../run/worker/worker.js';
import type { WorkerListener, WorkerOptions } from '../run/worker/worker-contract.js';
import { apart } from './apart.js';
import type { LibraryDeps } from './library-deps.js';
import { checkOptions, SIGNAL_OPTIONS, WORKER_OPTIONS } from './options.js';

/** What a worker is to do. What is not given is as in `fairq worker`. */
export interface AppWorkerOptions {
  /** By the names of tasks; `default` runs tasks of every other name. */
  readonly handlers: Readonly<Record<string, HandlerFunction>>;
  /** Shown in reports. */
  readonly name?: string;
  /** Tasks at a time. */
  readonly concurrency?: number;
  /** Globs over names of queues; every user queue, if not given. */
  readonly queues?: readonly string[];
  readonly exclude?: readonly string[];
  /** Queues that belong to no user, to serve beside. */
  readonly also?: readonly string[];
  /** Starts of a task that fails, before it is a dead letter. */
  readonly maxAttempts?: number;
  /** Waits between them, such as `1s,2s,4s…`. */
  readonly backoff?: string;
  /** A task that runs longer is told to stop, and counts as failed. Milliseconds. */
  readonly taskTimeoutMs?: number;
  /** Keeps each user's order: one task at a time, and a failed one before the next. */
  readonly ordered?: boolean;
  /** Of queues that it has to make. */
  readonly queueType?: QueueType;
  /** Ends when every queue is empty, or when nothing has come for 10 s. */
  readonly exitWhen?: 'empty' | 'idle';
  /** Ends after so many tasks. */
  readonly count?: number;
  /** It has taken up the queues that there are. */
  readonly onReady?: (queues: number) => void;
  /** An attempt of a task has ended, however it has. */
  readonly onTaskEnded?: (event: TaskEvent) => void;
}

/** A worker in the process of an application, on a connection of its own. */
export class AppWorker {
  readonly #ended = deferred();
  readonly #delaysMs: readonly number[];
  #worker: Worker | undefined;
  #hasBegun = false;
  #isStopped = false;

  /** Applications call `Fairq.worker`. */
  constructor(
    private readonly deps: LibraryDeps,
    private readonly options: AppWorkerOptions,
    private readonly onEnded: () => void,
  ) {
    checkOptions(WORKER_OPTIONS, options, 'a worker');
    this.#delaysMs = parseBackoff(options.backoff ?? WORKER_DEFAULTS.backoff, 'backoff');
  }

  /** Resolves when it has ended, or where it has never begun. */
  get ended(): Promise<void> {
    return this.#hasBegun ? this.#ended.promise : Promise.resolve();
  }

  /**
   * Runs tasks until `stop`, or until its own end, and resolves with what it has done. What runs is finished first.
   *
   * @param signal stops it as `stop` does
   * @throws FairqError where it cannot begin, or cannot go on
   */
  async run(options: { readonly signal?: AbortSignal } = {}): Promise<WorkerReport> {
    checkOptions(SIGNAL_OPTIONS, options, 'run');
    const { signal } = options;
    if (this.#hasBegun) {
      throw usageError('WORKER_BEGUN', 'a worker runs once', { hint: 'Make another one.' });
    }
    this.#hasBegun = true;
    const stop = () => this.stop();
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted === true) stop();
    try {
      return await this.#work();
    } finally {
      signal?.removeEventListener('abort', stop);
      this.#ended.resolve();
      this.onEnded();
    }
  }

  /** Takes nothing new. `run` finishes what runs, gives the rest back, and resolves. */
  stop(): void {
    this.#isStopped = true;
    this.#worker?.stop();
  }

  /** After `stop`, where the broker does not answer: `run` waits for it no longer. */
  leave(): void {
    this.#worker?.leave();
  }

  async #work(): Promise<WorkerReport> {
    const { deps, options } = this;
    const { config, clock, newId, open } = deps;
    const id = newId();
    const name = options.name ?? `worker-${id.slice(9, 13)}${id.slice(15, 18)}`;
    const management = new Management(config.address);
    management.prepare();
    let connection: Connection | undefined;
    try {
      connection = await open(WORKER_CONNECTION + name);
      const worker = new Worker(
        {
          connection,
          management,
          names: config.names,
          clock,
          newId,
          events: {
            vhost: config.address.vhost,
            connectTo: (vhost) => deps.openIn(vhost, EVENTS_CONNECTION + name),
          },
        },
        id,
        this.#workerOptions(name),
        this.#handlers(),
        this.#listener(),
      );
      this.#worker = worker;
      if (this.#isStopped) worker.stop();
      return await worker.run();
    } finally {
      await connection?.close();
      await management.close();
    }
  }

  #workerOptions(name: string): WorkerOptions {
    const { options, deps } = this;
    const { maxAttempts = WORKER_DEFAULTS.maxAttempts, ordered = false, queueType = 'classic' } = options;
    return {
      name,
      concurrency: options.concurrency ?? WORKER_DEFAULTS.concurrency,
      include: options.queues ?? [],
      exclude: options.exclude ?? [],
      also: (options.also ?? []).map((queue) => fixedQueueOf(deps.config.names, queue, 'also')),
      weights: new Weights(),
      charging: 'count',
      prefetch: ordered ? 1 : undefined,
      strategy: 'fair',
      count: options.count ?? Number.POSITIVE_INFINITY,
      exitWhen: options.exitWhen,
      idleForMs: WORKER_DEFAULTS.idleForMs,
      waitForWorkers: 1,
      stallMs: stallMsOf(deps.config.address.heartbeatSeconds),
      taskTimeoutMs: options.taskTimeoutMs,
      retry: { maxAttempts, delaysMs: this.#delaysMs, stepsMs: [] },
      maxCrashes: WORKER_DEFAULTS.maxCrashes,
      queueKind: { type: queueType, ordered },
      ordered,
      results: { ttlMs: WORKER_DEFAULTS.resultTtlMs, mostBytes: WORKER_DEFAULTS.resultBytes },
      format: OWN_FORMAT,
      discoverEveryMs: WORKER_DEFAULTS.discoverEveryMs,
      demoteAfterMs: WORKER_DEFAULTS.demoteAfterMs,
    };
  }

  #handlers(): Handlers {
    const own = handlersByName(this.options.handlers);
    return {
      find: (type) => findByTask(type, (name) => own.get(name)) ?? own.get('default'),
      names: [...own.keys()],
    };
  }

  #listener(): WorkerListener {
    const { onReady, onTaskEnded } = this.options;
    const { onWarning } = this.deps;
    const nothing = () => {};
    return {
      onReady: (queues) => apart(() => onReady?.(queues)),
      onTaskEnded: (event) => apart(() => onTaskEnded?.(event)),
      onWarning,
      onBrokerTells: nothing,
      onDetail: nothing,
      onPrefetch: nothing,
      onResultDropped: ({ id }, reason) => onWarning(`the result of task ${id} is not kept: ${reason}`),
      onTaskFailed: nothing,
      onFailureStuck: (user, id, reason, queue) =>
        onWarning(
          `task ${id} of ${user} failed (${reason}), and "${queue}" does not take it: it is tried again`,
        ),
    };
  }
}
