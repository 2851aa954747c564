import type { Management } from '../../broker/management/management.js';
import { VERSION } from '../../process/version.js';
import { queueFilter } from '../../run/worker/discovery/queue-filter.js';
import { BacklogReading } from '../../run/worker/metrics/backlog.js';
import { MetricsServer } from '../../run/worker/metrics/metrics-server.js';
import { PrometheusMetrics } from '../../run/worker/metrics/worker-metrics.js';
import { NOTHING_SHARED_YET } from '../../run/worker/report/worker-figures.js';
import type { Worker } from '../../run/worker/worker.js';
import type { Context } from '../shared/context.js';
import type { WorkerFlags } from './worker-flags.js';

/** The server of `--metrics-port`. */
export async function serveMetrics(
  { metricsHost, exclude, concurrency }: WorkerFlags,
  metricsPort: number,
  include: readonly string[],
  also: readonly string[],
  name: string,
  worker: Worker,
  management: Management,
  context: Context,
) {
  const { names } = await context.config();
  const filter = queueFilter(names, include, exclude ?? [], also);
  const backlog = new BacklogReading(management, filter, names.deadLetterQueue, context.clock.now);
  const identity = { name, slots: concurrency, version: VERSION };
  const metrics = new PrometheusMetrics(
    identity,
    {
      snapshot: () => worker.snapshot(),
      ages: () => worker.ages(),
      policy: () => worker.policy.figures(),
      shared: () => worker.inside()?.shared ?? NOTHING_SHARED_YET,
    },
    () => backlog.current(),
  );
  const server = await MetricsServer.listen(metrics, () => worker.unready, metricsHost, metricsPort);
  context.say(`worker ${name}: metrics at http://${metricsHost}:${server.port}/metrics`);
  return { metrics, server };
}
