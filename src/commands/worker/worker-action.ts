import { openConnection } from '../../broker/connection/connection.js';
import { Management } from '../../broker/management/management.js';
import type { ErrorKind } from '../../core/errors/errors.js';
import { EVENTS_CONNECTION, WORKER_CONNECTION } from '../../core/queues/names.js';
import { reportOfNothing, type WorkerReport } from '../../core/reports/worker-report.js';
import { idGenerator } from '../../process/identity.js';
import { renderWorker, workerProgressLine } from '../../render/worker-text.js';
import { fixedQueueOf } from '../../run/publish/fixed-queue-of.js';
import { execHandlers } from '../../run/worker/handlers/exec-handler.js';
import { builtInHandlers, type Handlers } from '../../run/worker/handlers/handlers.js';
import { NO_METRICS, type WorkerMetrics } from '../../run/worker/metrics/metrics-contract.js';
import { Worker } from '../../run/worker/worker.js';
import { celeryOf, showToCelery } from '../celery/work-for-celery.js';
import { tenantsFrom } from '../flags/tenant-flags.js';
import { weightsFrom } from '../flags/weight-flags.js';
import type { CommandResult, Context } from '../shared/context.js';
import { showProgress } from '../shared/progress.js';
import { FOREVER, reconnecting } from '../shared/reconnecting.js';
import { celeryFrontOf } from './celery-front-of.js';
import { sayDescriptors } from './enough-descriptors.js';
import { guardedModule } from './guarded-module.js';
import { Narration, SUM_UP_EVERY_MS } from './narration.js';
import { includedQueues } from './queues-to-serve.js';
import { setUpUnitsOf } from './set-up-units.js';
import { checkFlags, type WorkerFlags } from './worker-flags.js';
import { workerOptions } from './worker-options.js';

/** What a program may write for a client that waits for it; `--result-size` is about what is kept for `fairq task`. */
const MOST_ANSWER_BYTES = 16 * 1024 * 1024;

/** `fairq worker`, from its flags to its report. An orderly stop is no failure, and comes at any moment. */
export async function work(flags: WorkerFlags, context: Context): Promise<CommandResult> {
  context.log.form = flags.logJson ? 'json' : 'timed';
  checkFlags(flags);
  const { io, interrupts } = context;
  if (flags.exitWithParent) interrupts.exitWithParent();
  const name = flags.name ?? `${io.hostname}-${io.pid}`;
  const stopped = new Promise<WorkerReport>((resolve) => {
    interrupts.on({ stop: () => resolve(reportOfNothing(name)), state: () => 'it had not begun' });
  });
  const report = await Promise.race([workAs(name, flags, context), stopped]);
  return {
    document: { schemaVersion: 1, kind: 'worker', ...report },
    text: (style) => renderWorker(report, style),
    endsAs: endOf(report, flags, interrupts.requested),
  };
}

/** Whoever waits for a worker that ends by itself hears of its dead letters. A service that is stopped has ended well. */
function endOf(report: WorkerReport, flags: WorkerFlags, isStopped: boolean): ErrorKind | undefined {
  if (report.unconfirmed > 0) return 'unreachable';
  if (report.notMoved > 0) return 'refused';
  const endsByItself = flags.exitWhen !== undefined || flags.count !== undefined;
  return endsByItself && !isStopped && report.failed > 0 ? 'partial' : undefined;
}

async function workAs(name: string, flags: WorkerFlags, context: Context): Promise<WorkerReport> {
  const { io } = context;
  const [weights, tenants] = await Promise.all([weightsFrom(flags), tenantsFrom(flags)]);
  const config = await context.config();
  const celery = flags.celery ? await celeryOf(flags) : undefined;
  const { handlers: moduleHandlers, strayed } = await guardedModule(flags.handler, context, celery?.naming);
  const handlers =
    moduleHandlers !== undefined
      ? moduleHandlers
      : flags.exec !== undefined
        ? execHandlers(flags.exec, {
            environment: io.env,
            resultBytes: celery === undefined ? flags.resultSize : MOST_ANSWER_BYTES,
            isWhole: celery !== undefined,
            killAfterMs: flags.killAfter,
            onWarning: context.warn,
          })
        : (celery?.naming.builtIns ?? builtInHandlers);
  const include = await includedQueues(flags, config.names);
  const also = [...new Set(flags.also)].map((queue) => fixedQueueOf(config.names, queue, '--also'));
  const management = new Management(config.address);
  management.prepare();
  const connection = await openConnection(config.address, WORKER_CONNECTION + name, {
    ...reconnecting(context, config, {
      resumption: 'every queue is taken up again, and what was held is delivered again',
      usually: FOREVER,
    }),
    onBlocked: (reason) =>
      context.warn(`the broker is blocked (${reason}): tasks and completions wait until that is over`),
    onUnblocked: () => context.say('the broker takes completions again'),
  });
  try {
    if (flags.exec !== undefined) sayDescriptors(flags.concurrency, context);
    await setUpUnitsOf(flags, config, connection, context);
    const newId = idGenerator(context);
    let metrics: WorkerMetrics = NO_METRICS;
    const front = celery && celeryFrontOf(name, flags, handlers, config.address, context);
    const narration = new Narration(context, name, flags.concurrency, flags.discoverEvery);
    const told = narration.listener();
    const worker = new Worker(
      {
        connection,
        management,
        names: config.names,
        clock: context.clock,
        newId,
        events: {
          vhost: config.address.vhost,
          connectTo: (vhost) =>
            openConnection({ ...config.address, vhost }, EVENTS_CONNECTION + name, {
              reconnectForMs: FOREVER,
            }),
        },
      },
      newId(),
      workerOptions(name, flags, {
        include,
        also,
        weights,
        tenants,
        heartbeatSeconds: config.address.heartbeatSeconds,
        celery,
      }),
      handlers,
      {
        ...told,
        ...front?.watcher,
        onReady: (queues) => {
          told.onReady(queues);
          front?.ready();
        },
        onTaskEnded: (event, isCrash, failure, value) => {
          metrics.ended(event, isCrash);
          front?.ended(event, failure, value);
        },
      },
    );
    // Loaded where it is asked for alone: prom-client takes its time.
    const served =
      flags.metricsPort === undefined
        ? undefined
        : await (await import('./serve-metrics.js')).serveMetrics(
            flags,
            flags.metricsPort,
            include,
            also,
            name,
            worker,
            management,
            context,
          );
    metrics = served?.metrics ?? NO_METRICS;
    hearOperator(worker, handlers, context);
    const narrated = await narrate(worker, narration, flags, context);
    try {
      if (front !== undefined) await showToCelery(front, connection, worker, flags, context);
      return await Promise.race([worker.run(), strayed]).finally(() => front?.close());
    } finally {
      narrated.end();
      // The broker delivers the tasks again when the connection is closed: not beside the programs of before.
      await handlers.allEnded?.();
      await served?.server.close();
    }
  } finally {
    await connection.close();
    await management.close();
  }
}

/** What a signal does to the worker, and what is said of the worker meanwhile. */
function hearOperator(worker: Worker, handlers: Handlers, context: Context): void {
  // The worker works until nothing runs: its tasks, or after a second signal their programs.
  let isWorking = () => worker.running > 0;
  context.interrupts.on({
    stop: () => {
      context.say('stopping: finishing what runs, giving the rest back (again to force)');
      worker.stop();
    },
    force: () => {
      worker.abort();
      let isEnding = handlers.allEnded !== undefined;
      isWorking = () => isEnding;
      void handlers.allEnded?.().finally(() => {
        isEnding = false;
      });
    },
    works: () => isWorking(),
    progress: () => worker.unconfirmed,
    waitsFor: () =>
      worker.unconfirmed === 0
        ? 'the broker has not taken back what was held'
        : `the broker has not confirmed ${worker.unconfirmed} tasks that have ended`,
    overdue: () => worker.leave(),
    state: () => `${worker.unconfirmed} tasks that have ended are not confirmed`,
  });
}

/** Sums up what the worker does, each minute and in the line of progress. */
async function narrate(worker: Worker, narration: Narration, flags: WorkerFlags, context: Context) {
  const started = context.clock.now();
  const summaries = setInterval(() => narration.sumUp(worker.snapshot()), SUM_UP_EVERY_MS);
  // Lines of JSON and a line that is drawn again and again do not go together.
  const shown = { ...context, liveProgress: context.liveProgress && !flags.logJson };
  const progress = await showProgress(shown, () =>
    workerProgressLine(worker.snapshot(), (context.clock.now() - started) / 1000),
  );
  return {
    end: () => {
      progress.stop();
      clearInterval(summaries);
    },
  };
}
