import { stallMsOf } from '../../run/worker/slots/stall-report.js';
import { OWN_FORMAT } from '../../run/worker/task/message-format.js';
import type { WorkerOptions } from '../../run/worker/worker-contract.js';
import type { WorkerFlags } from './worker-flags.js';

/**
 * What `--prefetch auto` means to the strategies that do not adapt: what a plain consumer would take. With `priority` it is
 * a task a slot: what a worker has prefetched runs before any task that comes with a higher priority.
 */
const PLAIN_PREFETCH = 1_000;

/** What flags have been found to mean: globs over queues, files of weights, Celery's messages. */
export interface FoundByFlags extends Pick<WorkerOptions, 'include' | 'also' | 'weights' | 'tenants'> {
  /** Of the connection; undefined: as usual. */
  readonly heartbeatSeconds: number | undefined;
  /** Undefined for fairq's own messages. */
  readonly celery:
    | { readonly format: WorkerOptions['format']; readonly stepsMs: readonly number[] }
    | undefined;
}

/** What the flags of `fairq worker` ask of a worker. */
export function workerOptions(name: string, flags: WorkerFlags, found: FoundByFlags): WorkerOptions {
  return {
    name,
    concurrency: flags.concurrency,
    include: found.include,
    exclude: flags.exclude ?? [],
    also: found.also,
    weights: found.weights,
    tenants: found.tenants,
    charging: flags.charge,
    prefetch: prefetchOf(flags),
    strategy: flags.strategy === 'fair' ? 'fair' : 'arrival',
    count: flags.count ?? Number.POSITIVE_INFINITY,
    exitWhen: flags.exitWhen,
    idleForMs: flags.idleFor,
    waitForWorkers: flags.waitForWorkers,
    stallMs: stallMsOf(found.heartbeatSeconds),
    taskTimeoutMs: flags.taskTimeout,
    discoverEveryMs: flags.discoverEvery,
    demoteAfterMs: flags.demoteAfter,
    retry: { maxAttempts: flags.maxAttempts, delaysMs: flags.backoff, stepsMs: found.celery?.stepsMs ?? [] },
    maxCrashes: flags.maxCrashes === 0 ? undefined : flags.maxCrashes,
    queueKind: { type: flags.queueType, ordered: flags.ordered === true },
    ordered: flags.ordered === true,
    results: { ttlMs: flags.resultTtl, mostBytes: flags.resultSize },
    format: found.celery?.format ?? OWN_FORMAT,
  };
}

/** Tasks a queue; undefined: as many as are right at the moment. */
function prefetchOf({ ordered, prefetch, strategy, concurrency }: WorkerFlags): number | undefined {
  if (ordered) return 1;
  if (prefetch !== 'auto') return prefetch;
  if (strategy === 'fair') return undefined;
  return strategy === 'priority' ? concurrency : PLAIN_PREFETCH;
}
