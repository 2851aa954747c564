import { type Command, Option } from 'commander';
import type { Connection } from '../broker/connection.js';
import type { Management } from '../broker/management.js';
import type { QueueType } from '../broker/topology.js';
import type { Charging } from '../core/charging.js';
import { fixedQueue } from '../core/fixed-queue.js';
import { type Names, WORKER_CONNECTION } from '../core/names.js';
import { parseBytes, parseCount, parseDuration, parseTimer } from '../core/quantities.js';
import { delaysOf, parseBackoff } from '../core/retry-policy.js';
import { MOST_RESULT_TTL_MS } from '../core/task-result.js';
import { FairqError, messageOf, usageError } from '../errors.js';
import { formatDuration } from '../render/numbers.js';
import type { HandlerGuard } from '../run/worker/handler-guard.js';
import type { TaskNaming } from '../run/worker/handler-module.js';
import type { Handlers } from '../run/worker/handlers.js';
import { NO_METRICS, type WorkerMetrics } from '../run/worker/metrics/contract.js';
import type { Worker } from '../run/worker/worker.js';
import { VERSION } from '../version.js';
import type { CommandResult, Context, Run } from './context.js';
import { type GroupByFlags, groupByOption, groupingFrom } from './group-by.js';
import { FOREVER, reconnecting } from './reconnecting.js';
import { type WeightFlags, weightsFrom, withWeightOptions } from './weights.js';

interface WorkerFlags extends WeightFlags, GroupByFlags {
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
  discoverEvery: number;
  maxAttempts: number;
  backoff: readonly number[];
  queueType: QueueType;
  ordered?: boolean;
  resultTtl: number;
  resultSize: number;
  metricsPort?: number;
  metricsHost: string;
  celery?: boolean;
  queuePrefix?: string;
}

/** Well below the broker's patience with a delivery that is not acknowledged. */
const LONGEST_ORDERED_WAIT_MS = 600_000;
const DEFAULT_BACKOFF = '1s,2s,4s…';

/** Failures, and results that were dropped, named one by one; of failures the rest are counted. */
const FAILURES_SHOWN = 5;

const MOST_RESULT_BYTES = 1024 * 1024;

/** What `--prefetch auto` means to the strategies that do not adapt: what a plain consumer would take. */
const PLAIN_PREFETCH = 1_000;

export function registerWorker(program: Command, run: Run): void {
  withWeightOptions(
    program
      .command('worker')
      .description('Run the tasks of every user queue, fair between the users; new users are found at once.'),
  )
    .addOption(
      new Option('--charge <what>', 'what a turn costs: a task each, or the time that the tasks run')
        .choices(['count', 'time'])
        .default('count'),
    )
    .option(
      '-c, --concurrency <n>',
      'tasks at a time',
      (text) => parseCount(text, '--concurrency', 1, 10_000),
      10,
    )
    .option('--prefetch <n|auto>', 'unacknowledged tasks of one user at a time', parsePrefetch, 'auto')
    .option(
      '--queues <glob>',
      'serve these queues (by name; may be repeated) instead of all user queues',
      collect,
    )
    .option('--exclude <glob>', 'but not these (may be repeated)', collect)
    .option(
      '--also <queue,queue>',
      'serve these queues beside, each in turn with the users as one more (may be repeated); made where missing',
      (text: string, sofar: string[] = []) => [...sofar, ...text.split(',').map((name) => name.trim())],
    )
    .addOption(
      groupByOption(
        'serve the queues of this grouping alone, so that others can have their own workers (default: all)',
      ),
    )
    .option('--handler <file>', 'a module that exports a function for each task name')
    .option('--exec <command>', 'a program for each task: payload on stdin, exit code 0 is done')
    .addOption(
      new Option('--exit-when <what>', 'empty: no task is left; idle: nothing came for --idle-for').choices([
        'empty',
        'idle',
      ]),
    )
    .addOption(
      new Option('--idle-for <time>', 'for --exit-when idle')
        .argParser((text) => parseDuration(text, '--idle-for'))
        .default(10_000, '10s'),
    )
    .option('--count <n>', 'stop after so many tasks', (text) => parseCount(text, '--count'))
    .option(
      '--task-timeout <time>',
      'a task that runs longer is told to stop and counts as failed (default: none)',
      (text) => parseTimer(text, '--task-timeout'),
    )
    .option(
      '--max-attempts <n>',
      'starts of a task that fails, before it is a dead letter',
      (text) => parseCount(text, '--max-attempts', 1, 1_000),
      3,
    )
    .addOption(
      new Option('--backoff <times>', 'waits between them; the last repeats, and with … they go on growing')
        .argParser((text) => parseBackoff(text, '--backoff'))
        .default(parseBackoff(DEFAULT_BACKOFF, '--backoff'), DEFAULT_BACKOFF),
    )
    .option('--ordered', "keep each user's order: one task at a time, and a failed one before the next")
    .addOption(
      new Option('--queue-type <type>', 'of queues that a worker has to make: quorum in a cluster')
        .choices(['classic', 'quorum'])
        .default('classic'),
    )
    .addOption(
      new Option('--discover-every <time>', 'look for queues that nobody announced')
        .argParser((text) => parseTimer(text, '--discover-every'))
        .default(30_000, '30s'),
    )
    .addOption(
      new Option('--result-ttl <time>', 'for how long what a task returned is shown; 0s: keep nothing')
        .argParser((text) => parseResultTtl(text))
        .default(200_000, '200s'),
    )
    .addOption(
      new Option('--result-size <bytes>', 'what is larger is not kept, such as 64k; 1m at most')
        .argParser((text) => parseResultSize(text))
        .default(65_536, '64k'),
    )
    .option('--metrics-port <port>', 'serve Prometheus metrics there, at /metrics (0: any)', (text) =>
      parseCount(text, '--metrics-port', 0, 65_535),
    )
    .option('--metrics-host <address>', 'for others than this machine, such as 0.0.0.0', '127.0.0.1')
    .option(
      '--celery',
      'run the messages of Celery clients, and answer them; with --queues or --queue-prefix',
    )
    .option('--queue-prefix <text>', 'serve the queues whose names begin so; the user follows')
    .option('--name <name>', 'shown in reports (default: host and process)')
    .addOption(
      new Option(
        '--strategy <name>',
        'fair, or one to compare with: arrival (in order of arrival), fifo (the shared queue), priority (the one that goes by priority)',
      )
        .choices(['fair', 'arrival', 'fifo', 'priority'])
        .default('fair'),
    )
    .option(
      '--wait-for-workers <n>',
      'start together with others, when so many are ready',
      (text) => parseCount(text, '--wait-for-workers', 1, 10_000),
      1,
    )
    .addHelpText(
      'after',
      `
Examples:
  fairq worker
  fairq worker --concurrency 50 --handler ./tasks.js
  fairq worker --weight A=3 --weight 'team-*=2' --charge time
  fairq worker --also reports,mails --weight reports=2
  fairq worker --max-attempts 5 --backoff 1s,5s,30s
  fairq worker --exec './resize.sh' --exit-when empty
  fairq worker --metrics-port 9464
  fairq worker --celery --queue-prefix usersequence_ --handler ./tasks.js`,
    )
    .action(run(work));
}

async function work(flags: WorkerFlags, context: Context): Promise<CommandResult> {
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
  if (flags.ordered) checkOrdered(flags);
  const { Worker } = await import('../run/worker/worker.js');
  const { builtInHandlers } = await import('../run/worker/handlers.js');
  const { OWN_FORM } = await import('../run/worker/task-form.js');
  const { openConnection } = await import('../broker/connection.js');
  const { Management } = await import('../broker/management.js');
  const { idGenerator } = await import('./identity.js');
  const { onInterrupt } = await import('./interrupt.js');
  const { showProgress } = await import('./progress.js');
  const { renderWorker, workerProgressLine } = await import('../render/worker-text.js');

  const { io } = context;
  const weights = await weightsFrom(flags);
  const config = await context.config();
  const celery = flags.celery ? await celeryOf(flags) : undefined;
  const { handlers: moduleHandlers, strayed } = await guardedModule(flags.handler, context, celery?.naming);
  const handlers =
    moduleHandlers !== undefined
      ? moduleHandlers
      : flags.exec !== undefined
        ? (await import('../run/worker/exec-handler.js')).execHandlers(flags.exec, io.env, flags.resultSize)
        : (celery?.naming.builtIns ?? builtInHandlers);
  const name = flags.name ?? `${io.hostname}-${io.pid}`;
  const include = await includedQueues(flags, config.names);
  const also = [...new Set(flags.also)].map((queue) => fixedQueue(config.names, queue, '--also'));
  const management = new Management(config.address);
  const connection = await openConnection(config.address, WORKER_CONNECTION + name, {
    onBlocked: (reason) => context.warn(`the broker is blocked (${reason}): completions wait`),
    onUnblocked: () => context.say('the broker takes completions again'),
    ...reconnecting(context, config, {
      resumption: 'every queue is taken up again, and what was held is delivered again',
      usually: FOREVER,
    }),
  });
  const newId = idGenerator(context);
  let metrics: WorkerMetrics = NO_METRICS;
  let failures = 0;
  let dropped = 0;
  const worker = new Worker(
    connection,
    management,
    config.names,
    newId(),
    {
      name,
      concurrency: flags.concurrency,
      include,
      exclude: flags.exclude ?? [],
      also,
      weights,
      charging: flags.charge,
      prefetch: flags.ordered
        ? 1
        : flags.prefetch !== 'auto'
          ? flags.prefetch
          : flags.strategy === 'fair'
            ? undefined
            : PLAIN_PREFETCH,
      strategy: flags.strategy === 'fair' ? 'fair' : 'arrival',
      count: flags.count ?? Number.POSITIVE_INFINITY,
      exitWhen: flags.exitWhen,
      idleForMs: flags.idleFor,
      waitForWorkers: flags.waitForWorkers,
      taskTimeoutMs: flags.taskTimeout,
      discoverEveryMs: flags.discoverEvery,
      retry: { maxAttempts: flags.maxAttempts, delaysMs: flags.backoff, stepsMs: celery?.stepsMs ?? [] },
      queueKind: { type: flags.queueType, ordered: flags.ordered === true },
      ordered: flags.ordered === true,
      results: { ttlMs: flags.resultTtl, mostBytes: flags.resultSize },
      form: celery?.form ?? OWN_FORM,
    },
    handlers,
    context.clock,
    newId,
    {
      onReady: (queues) => {
        context.say(
          `worker ${name}: ready, ${queues} ${queues === 1 ? 'queue' : 'queues'}, ${flags.concurrency} slots`,
        );
      },
      onWarning: (text) => context.warn(text),
      onDetail: (text) => context.detail(text),
      onTaskEnded: (event) => metrics.ended(event),
      onResultDropped: ({ id, user }, reason) => {
        dropped++;
        if (dropped > FAILURES_SHOWN && !context.verbose) return;
        context.warn(
          `task ${id} of user ${JSON.stringify(user)} is done, and its result is not kept: ${reason}`,
        );
      },
      onTaskFailed: (user, id, reason, retryAfterMs) => {
        failures++;
        if (failures <= FAILURES_SHOWN || context.verbose) {
          const next =
            retryAfterMs === undefined
              ? 'it is a dead letter'
              : `tried again in ${formatDuration(retryAfterMs)}`;
          context.warn(
            `task ${id} of user ${JSON.stringify(user)} failed, ${next}: ${JSON.stringify(reason.slice(0, 200))}`,
          );
        }
        if (failures === FAILURES_SHOWN && !context.verbose)
          context.warn('more failures are counted, not shown (--verbose shows all)');
      },
    },
  );
  const served = await serveMetrics(flags, include, also, name, worker, management, context);
  metrics = served?.metrics ?? NO_METRICS;
  const interruption = onInterrupt(
    io,
    () => {
      context.say('stopping: finishing what runs, giving the rest back (again to force)');
      worker.stop();
    },
    () => worker.abort(),
  );
  const started = context.clock.now();
  const progress = await showProgress(context, () =>
    workerProgressLine(worker.snapshot(), (context.clock.now() - started) / 1000),
  );
  try {
    const ear = await celery?.listen(connection, `fairq-${name}@${io.hostname}`, worker, context);
    const report = await Promise.race([worker.run(), strayed]).finally(() => ear?.close());
    progress.stop();
    return {
      document: { schemaVersion: 1, kind: 'worker', ...report },
      text: (style) => renderWorker(report, style),
      endsAs: interruption.requested ? 'interrupted' : undefined,
    };
  } finally {
    progress.stop();
    await served?.server.close();
    await connection.close();
    await management.close();
  }
}

function hasOneQueue({ strategy }: WorkerFlags): boolean {
  return strategy === 'fifo' || strategy === 'priority';
}

/** Globs over the queues to serve; none where nothing is said, and all of fairq's own are served. */
async function includedQueues(flags: WorkerFlags, names: Names): Promise<readonly string[]> {
  if (flags.strategy === 'fifo') return [names.sharedQueue];
  if (flags.strategy === 'priority') return [names.priorityQueue];
  if (flags.groupBy === undefined)
    return [...(flags.queues ?? []), ...(await globOf(flags.queuePrefix, names))];
  const { groupsStartWith } = await groupingFrom(flags);
  const groups = groupsStartWith === undefined ? [] : [`${names.groupQueuePrefix}${groupsStartWith}*`];
  // In a map, and without any grouping, there are users with a queue to themselves.
  const { kind } = flags.groupBy;
  return kind === 'map' || kind === 'user' ? [...groups, `${names.userQueuePrefix}*`] : groups;
}

/** `--queue-prefix` as a glob over the names of queues. */
async function globOf(prefix: string | undefined, names: Names): Promise<string[]> {
  if (prefix === undefined) return [];
  const { checkQueuePrefix } = await import('../core/celery/queue-prefix.js');
  return [`${checkQueuePrefix(prefix, names)}*`];
}

/** What a worker of Celery's messages does otherwise. */
async function celeryOf({ queues, queuePrefix }: WorkerFlags) {
  if (queues === undefined && queuePrefix === undefined) {
    throw usageError('CELERY_WHICH', '--celery: which queues?', {
      hint: 'Name those of your application: --queue-prefix usersequence_, or --queues with a glob.',
    });
  }
  const { CELERY_FORM } = await import('../run/worker/celery/celery-form.js');
  const { celeryBuiltIns, findByCeleryName } = await import('../run/worker/celery/celery-handlers.js');
  const { CeleryEar } = await import('../run/worker/celery/celery-ear.js');
  const { STEPS_MS } = await import('../core/postponed.js');
  return {
    form: CELERY_FORM,
    naming: { find: findByCeleryName, builtIns: celeryBuiltIns },
    stepsMs: STEPS_MS,
    listen: async (connection: Connection, node: string, worker: Worker, context: Context) => {
      const onFailure = (error: unknown) =>
        context.warn(`new queues are found when they are looked for, and not at once: ${messageOf(error)}`);
      try {
        return await CeleryEar.open(connection, node, {
          serves: (queue) => worker.serves(queue),
          onQueue: (queue) => worker.takeUp(queue),
          onFailure,
        });
      } catch (error) {
        // To hear is a help and no need; whatever else is wrong the worker meets itself.
        if (!(error instanceof FairqError && error.kind === 'refused')) throw error;
        onFailure(error);
        return undefined;
      }
    },
  };
}

/** Undefined where nobody wants to watch. */
async function serveMetrics(
  { metricsPort, metricsHost, exclude, concurrency }: WorkerFlags,
  include: readonly string[],
  also: readonly string[],
  name: string,
  worker: Worker,
  management: Management,
  context: Context,
) {
  if (metricsPort === undefined) return undefined;
  const { PrometheusMetrics } = await import('../run/worker/metrics/worker-metrics.js');
  const { BacklogWatch } = await import('../run/worker/metrics/backlog.js');
  const { MetricsServer } = await import('../run/worker/metrics/metrics-server.js');
  const { queueFilter } = await import('../run/worker/queue-filter.js');
  const { names } = await context.config();
  const filter = queueFilter(names, include, exclude ?? [], also);
  const backlog = new BacklogWatch(management, filter, context.clock.now);
  const identity = { name, slots: concurrency, version: VERSION };
  const metrics = new PrometheusMetrics(
    identity,
    () => worker.snapshot(),
    () => backlog.look(),
  );
  const server = await MetricsServer.listen(metrics, metricsHost, metricsPort);
  context.say(`worker ${name}: metrics at http://${metricsHost}:${server.port}/metrics`);
  return { metrics, server };
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

/**
 * A module may do anything to the process that it shares with us. What its handlers do outside of their
 * promises, or that they would end the process, fails their task and nothing else. An exception that
 * belongs to no task ends the worker: what it has not acknowledged is delivered again.
 */
async function guardedModule(
  file: string | undefined,
  context: Context,
  naming?: TaskNaming,
): Promise<{ handlers: Handlers | undefined; strayed: Promise<never> }> {
  let guard: HandlerGuard | undefined;
  const strayed = new Promise<never>((_, reject) => {
    if (file === undefined) return;
    context.io.onUncaught((error) => {
      const blamed = guard?.blame(error);
      if (blamed === undefined) reject(strayError(file, error));
      else if (blamed.ended) {
        const { id, user } = blamed;
        context.warn(
          `task ${id} of user ${JSON.stringify(user)} had ended, and then its handler threw: ${JSON.stringify(messageOf(error).slice(0, 200))}`,
        );
      }
    });
  });
  strayed.catch(() => {}); // before anybody waits for it
  if (file === undefined) return { handlers: undefined, strayed };
  const { HandlerGuard } = await import('../run/worker/handler-guard.js');
  const { loadHandlerModule } = await import('../run/worker/handler-module.js');
  guard = new HandlerGuard();
  context.io.refuseExit(
    (code) => new Error(`the handler tried to end the process: process.exit(${String(code ?? '')})`),
  );
  return { handlers: guard.guard(await loadHandlerModule(file, naming)), strayed };
}

function strayError(file: string, error: unknown): FairqError {
  return usageError(
    'HANDLER_STRAYED',
    `an exception outside of every task, after ${file} was loaded: ${messageOf(error)}`,
    {
      hint: 'Look for a timer or a promise that the module starts by itself and does not catch. What was not acknowledged is delivered again.',
      cause: error,
    },
  );
}

function parseResultTtl(text: string): number {
  const ms = text === '0' ? 0 : parseDuration(text, '--result-ttl');
  if (ms <= MOST_RESULT_TTL_MS) return ms;
  throw usageError('BAD_DURATION', `--result-ttl: "${text}" is longer than 24h`, {
    hint: 'The broker keeps results for a day at most: have a handler write down what has to last.',
  });
}

function parseResultSize(text: string): number {
  const bytes = parseBytes(text, '--result-size');
  if (bytes >= 1 && bytes <= MOST_RESULT_BYTES) return bytes;
  throw usageError('BAD_SIZE', `--result-size: "${text}" is not between 1 byte and 1m`, {
    hint: 'Large results belong elsewhere: have the handler store them, and return where.',
  });
}

function parsePrefetch(text: string): number | 'auto' {
  return text === 'auto' ? 'auto' : parseCount(text, '--prefetch', 1, 65_535);
}

function collect(text: string, sofar: string[] = []): string[] {
  return [...sofar, text];
}
