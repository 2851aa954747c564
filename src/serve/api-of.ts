import { identifySigned } from './auth/sign-in.js';
import type { DoorDeps, DoorOptions } from './door-contract.js';
import { Api } from './http/api.js';
import { Cors } from './http/cors.js';
import { refuseForeign } from './http/foreign.js';
import { serverEnds } from './http/problem.js';
import { ServeMetrics } from './metrics/serve-metrics.js';
import type { PageFiles } from './page-files.js';
import { addActionRoutes } from './routes/action-routes.js';
import { addBatchRoutes } from './routes/batch-routes.js';
import { addDeadRoutes } from './routes/dead-routes.js';
import { addEventRoutes } from './routes/event-routes.js';
import { addExplainRoutes } from './routes/explain-routes.js';
import { addHealthRoutes } from './routes/health-routes.js';
import { addHistoryRoutes } from './routes/history-routes.js';
import { addLiveRoutes } from './routes/live-routes.js';
import { addMetricsRoutes } from './routes/metrics-routes.js';
import { addOpenApiRoutes } from './routes/openapi-routes.js';
import { addOverviewRoutes } from './routes/overview-routes.js';
import { addPageRoutes } from './routes/page-routes.js';
import { addPolicyRoutes } from './routes/policy-routes.js';
import { addRunPageRoutes } from './routes/run-page-routes.js';
import { addRunRoutes } from './routes/run-routes.js';
import type { Services } from './routes/services.js';
import { addSessionRoutes } from './routes/session-routes.js';
import { addTaskRoutes } from './routes/task-routes.js';
import { addTenantRoutes } from './routes/tenant-routes.js';

/** All that a server answers. */
export function apiOf(
  { authenticator, version }: DoorDeps,
  { foreign, body, page }: DoorOptions,
  services: Services,
  files: PageFiles | undefined,
): Api {
  const { closing, problemOf, sending, trouble, policy, nowMicros } = services;
  const metrics = new ServeMetrics(sending, trouble, policy, () => nowMicros() / 1_000);
  const api = new Api({
    check: (request) => {
      if (closing.aborted && !isProbe(request)) throw serverEnds();
      refuseForeign(request, foreign);
    },
    cors: new Cors(foreign.origins),
    identify: (asking) => identifySigned(authenticator, asking),
    limits: body,
    onAnswered: (operation, status, seconds) => metrics.answered(operation, status, seconds),
    problemOf,
  });
  addHealthRoutes(api, services);
  addTaskRoutes(api, services);
  addBatchRoutes(api, services);
  addEventRoutes(api, services);
  addMetricsRoutes(api, metrics);
  addOpenApiRoutes(api, { version, server: '/' });
  addOverviewRoutes(api, services);
  addTenantRoutes(api, services);
  addExplainRoutes(api, services);
  addRunRoutes(api, services);
  addDeadRoutes(api, services);
  addActionRoutes(api, services);
  addPolicyRoutes(api, services);
  addLiveRoutes(api, services);
  addHistoryRoutes(api, services);
  if (page !== undefined && files !== undefined) {
    addSessionRoutes(api, { authenticator, suggested: page.suggested });
    addPageRoutes(api, files);
    addRunPageRoutes(api, services, page.runs);
  }
  return api;
}

/** A supervisor asks until the end. */
function isProbe(request: Request): boolean {
  return /\/(livez|readyz)$/.test(new URL(request.url).pathname);
}
