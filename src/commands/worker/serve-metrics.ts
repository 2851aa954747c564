import type { Management } from '../../broker/management/management.js';
import { VERSION } from '../../process/version.js';
import type { Worker } from '../../run/worker/worker.js';
import type { Context } from '../shared/context.js';
import type { WorkerFlags } from './worker-flags.js';

/** The server of `--metrics-port`; undefined where nobody wants to watch. */
export async function serveMetrics(
  { metricsPort, metricsHost, exclude, concurrency }: WorkerFlags,
  include: readonly string[],
  also: readonly string[],
  name: string,
  worker: Worker,
  management: Management,
  context: Context,
) {
  if (metricsPort === undefined) return undefined;
  const { PrometheusMetrics } = await import('../../run/worker/metrics/worker-metrics.js');
  const { BacklogWatch } = await import('../../run/worker/metrics/backlog.js');
  const { MetricsServer } = await import('../../run/worker/metrics/metrics-server.js');
  const { queueFilter } = await import('../../run/worker/discovery/queue-filter.js');
  const { names } = await context.config();
  const filter = queueFilter(names, include, exclude ?? [], also);
  const backlog = new BacklogWatch(management, filter, names.deadLetterQueue, context.clock.now);
  const identity = { name, slots: concurrency, version: VERSION };
  const metrics = new PrometheusMetrics(
    identity,
    () => worker.snapshot(),
    () => worker.ages(),
    () => backlog.look(),
  );
  const server = await MetricsServer.listen(metrics, () => worker.unready, metricsHost, metricsPort);
  context.say(`worker ${name}: metrics at http://${metricsHost}:${server.port}/metrics`);
  return { metrics, server };
}
