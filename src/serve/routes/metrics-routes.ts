import type { Api } from '../http/api.js';
import type { ServeMetrics } from '../metrics/serve-metrics.js';

export function addMetricsRoutes(api: Api, metrics: ServeMetrics): void {
  api.add(
    {
      id: 'metrics',
      method: 'get',
      path: '/metrics',
      tag: 'health',
      role: 'anyone',
      summary: 'Figures of this server for Prometheus; no user is named.',
      answers: { 200: { description: "Prometheus' text format", type: 'text/plain' } },
    },
    async () =>
      new Response(await metrics.text(), { status: 200, headers: { 'content-type': metrics.contentType } }),
  );
}
