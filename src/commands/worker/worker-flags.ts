import type { QueueType } from '../../broker/queues/topology.js';
import { usageError } from '../../core/errors/errors.js';
import { MOST_RESULT_TTL_MS } from '../../core/events/task-result.js';
import { delaysOf } from '../../core/message/retry-policy.js';
import type { Charging } from '../../core/scheduling/charging.js';
import { parseBytes, parseCount, parseDuration } from '../../core/values/quantities.js';
import { formatDuration } from '../../render/parts/numbers.js';
import type { GroupByFlags } from '../flags/group-by.js';
import type { TenantFlags } from '../flags/tenant-flags.js';
import type { WeightFlags } from '../flags/weight-flags.js';

export interface WorkerFlags extends WeightFlags, TenantFlags, GroupByFlags {
  concurrency: number;
  prefetch: number | 'auto';
  queues?: string[];
  exclude?: string[];
  also?: string[];
  handler?: string;
  exec?: string;
  exitWhen?: 'empty' | 'idle';
  idleFor: number;
  count?: number;
  name?: string;
  strategy: 'fair' | 'arrival' | 'fifo' | 'priority';
  waitForWorkers: number;
  charge: Charging;
  taskTimeout?: number;
  killAfter: number;
  exitWithParent?: boolean;
  logJson?: boolean;
  discoverEvery: number;
  demoteAfter: number;
  maxAttempts: number;
  maxCrashes: number;
  backoff: readonly number[];
  queueType: QueueType;
  ordered?: boolean;
  resultTtl: number;
  resultSize: number;
  metricsPort?: number;
  metricsHost: string;
  celery?: boolean;
  taskEvents?: boolean;
  queuePrefix?: string;
}

/** Well below the broker's patience with a delivery that is not acknowledged. */
const LONGEST_ORDERED_WAIT_MS = 600_000;

const MOST_RESULT_BYTES = 1024 * 1024;

/** Flags that exclude each other. @throws FairqError (usage) */
export function checkFlags(flags: WorkerFlags): void {
  if (flags.handler !== undefined && flags.exec !== undefined) {
    throw usageError('HANDLER_AND_EXEC', '--handler and --exec exclude each other', {
      hint: 'Give the tasks to a module or to a program.',
    });
  }
  const saysQueues = flags.queues !== undefined || flags.queuePrefix !== undefined || hasOneQueue(flags);
  if (flags.groupBy !== undefined && saysQueues) {
    const others = '--queues, --queue-prefix nor a --strategy of one queue';
    throw usageError('GROUP_BY_WITH', `--group-by goes with neither ${others}`, {
      hint: 'Each of them says which queues to serve: give one.',
    });
  }
  if (flags.tenantOf !== undefined && (flags.strategy !== 'fair' || flags.groupBy !== undefined)) {
    throw usageError('TENANT_OF_WITH', '--tenant-of goes with neither --group-by nor another --strategy', {
      hint: 'Tenants take turns where each user has a queue, and the worker chooses: leave the other flag away.',
    });
  }
  if (flags.taskEvents && !flags.celery) {
    throw usageError('TASK_EVENTS_WITH', "--task-events are Celery's events, of a worker with --celery", {
      hint: 'Give --celery as well; for a worker of fairq\'s own tasks see "fairq top" and --metrics-port.',
    });
  }
  if (flags.ordered) checkOrdered(flags);
}

function hasOneQueue({ strategy }: WorkerFlags): boolean {
  return strategy === 'fifo' || strategy === 'priority';
}

function checkOrdered({ prefetch, strategy, backoff, maxAttempts }: WorkerFlags): void {
  if (strategy !== 'fair' || prefetch !== 'auto') {
    throw usageError('ORDERED_WITH', '--ordered goes with neither --prefetch nor another --strategy', {
      hint: 'Where order counts there is one unacknowledged task of each user.',
    });
  }
  const longest = Math.max(0, ...delaysOf({ maxAttempts, delaysMs: backoff }));
  if (longest > LONGEST_ORDERED_WAIT_MS) {
    throw usageError('ORDERED_BACKOFF', `--ordered: a wait of ${formatDuration(longest)} is too long`, {
      hint: 'The task waits in the worker, and the broker takes it back after 30 minutes: give --backoff waits of at most 10m.',
    });
  }
}

export function parseResultTtl(text: string): number {
  const ms = text === '0' ? 0 : parseDuration(text, '--result-ttl');
  if (ms <= MOST_RESULT_TTL_MS) return ms;
  throw usageError('BAD_DURATION', `--result-ttl: "${text}" is longer than 24h`, {
    hint: 'The broker keeps results for a day at most: have a handler write down what has to last.',
  });
}

export function parseResultSize(text: string): number {
  const bytes = parseBytes(text, '--result-size');
  if (bytes >= 1 && bytes <= MOST_RESULT_BYTES) return bytes;
  throw usageError('BAD_SIZE', `--result-size: "${text}" is not between 1 byte and 1m`, {
    hint: 'Large results belong elsewhere: have the handler store them, and return where.',
  });
}

export function parsePrefetch(text: string): number | 'auto' {
  return text === 'auto' ? 'auto' : parseCount(text, '--prefetch', 1, 65_535);
}

/** Among fewer deaths the task that kills its worker is not told from those that run beside it. */
const FEWEST_CRASHES = 3;

/** @returns 0 for no limit */
export function parseMaxCrashes(text: string): number {
  const count = parseCount(text, '--max-crashes', 0, 1_000);
  if (count === 0 || count >= FEWEST_CRASHES) return count;
  throw usageError('BAD_COUNT', `--max-crashes: ${count} is too few`, {
    hint: `Give ${FEWEST_CRASHES} or more, so that the task that kills its worker is told from those beside it; or 0 for no limit.`,
  });
}

export function collect(text: string, sofar: string[] = []): string[] {
  return [...sofar, text];
}
