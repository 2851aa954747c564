import { setMaxListeners } from 'node:events';
import type { BrokerAddress } from '../broker/connection/address.js';
import type { ConnectionOptions } from '../broker/connection/connection.js';
import { type Connection, openConnection } from '../broker/connection/connection.js';
import { assertTopology, type QueueKind } from '../broker/queues/topology.js';
import { BY_USER } from '../core/queues/grouping.js';
import { type Names, userQueueOf } from '../core/queues/names.js';
import type { Clock } from '../core/values/clock.js';
import { Dispatcher } from '../run/publish/dispatch/dispatcher.js';
import { OWN_QUEUES } from '../run/publish/own-destination.js';
import { Places } from '../run/publish/places.js';
import type { KeptObservations } from '../run/queues/observation-file.js';
import { WorkerQuestion } from '../run/tasks/worker-question.js';
import type { ActionDone } from './actions/acting.js';
import { Actions } from './actions/actions.js';
import type { Authenticator } from './auth/identity.js';
import { CeleryBehind, type CeleryOptions } from './celery.js';
import { EventStreams } from './events/event-streams.js';
import { NewsHub } from './events/news-hub.js';
import { Api } from './http/api.js';
import type { BodyLimits } from './http/body.js';
import { Cors } from './http/cors.js';
import { type ForeignRules, refuseForeign } from './http/foreign.js';
import { serverEnds } from './http/problem.js';
import { problemOf } from './http/problem-of.js';
import { HttpServer, type ServerOptions } from './http/server.js';
import { Idempotency } from './keys/idempotency.js';
import { ServeMetrics } from './metrics/serve-metrics.js';
import { openOverview } from './overview/open-overview.js';
import { BacklogLimit } from './pressure/backlog-limit.js';
import { Speeds } from './pressure/speeds.js';
import { addActionRoutes } from './routes/action-routes.js';
import { addBatchRoutes } from './routes/batch-routes.js';
import { addDeadRoutes } from './routes/dead-routes.js';
import { addEventRoutes } from './routes/event-routes.js';
import { addHealthRoutes } from './routes/health-routes.js';
import { addMetricsRoutes } from './routes/metrics-routes.js';
import { addOpenApiRoutes } from './routes/openapi-routes.js';
import { addOverviewRoutes } from './routes/overview-routes.js';
import { addRunRoutes } from './routes/run-routes.js';
import type { Services } from './routes/services.js';
import { addTaskRoutes } from './routes/task-routes.js';
import { RecentTasks } from './tasks/recent-tasks.js';
import { ownKind } from './tasks/requested-task.js';
import { Sending } from './tasks/sending.js';
import { StreamTail } from './tasks/stream-tail.js';
import type { TaskKind } from './tasks/task-kind.js';
import { TaskStates } from './tasks/task-states.js';

/** What is read of the streams when a server starts: what was asked of another shortly before is known to this one. */
const READ_BEFORE_MS = 60_000;
/** Connections that are still answered have so long at the end. */
const ANSWERS_WITHIN_MS = 2_000;

export interface DoorDeps {
  readonly address: BrokerAddress;
  readonly names: Names;
  readonly clock: Clock;
  readonly newId: () => string;
  /** What is done about a lost connection. */
  readonly connecting: ConnectionOptions;
  readonly authenticator: Authenticator;
  /** Of fairq. */
  readonly version: string;
  /** Each user's share against the others. */
  readonly weightOf: (user: string) => number;
  /** Where looks at the queues are kept. */
  readonly observations: KeptObservations;
  readonly onWarning: (text: string) => void;
  /** An operator has done something. */
  readonly onAction: (done: ActionDone) => void;
  /** Nobody had thought of this error. */
  readonly onUnexpected: (error: unknown) => void;
}

export interface DoorOptions {
  readonly server: ServerOptions;
  readonly foreign: ForeignRules;
  readonly body: BodyLimits;
  /** That its tasks are of. */
  readonly run: string;
  /** Of users' queues that it makes. */
  readonly queueKind: QueueKind;
  readonly confirmWithinMs: number;
  /** A Celery application's workers run the tasks. */
  readonly celery?: CeleryOptions;
  /** Of requests with a key: for how long one counts, and how many are remembered. */
  readonly keys: { readonly ttlMs: number; readonly mostKeys: number };
  /** Event streams that may be open. */
  readonly mostStreams: number;
  /** Tasks that may wait in the queue of a user; undefined: any number. */
  readonly mostBacklog?: number | undefined;
}

/** `fairq serve`: an HTTP API in front of the queues. Everything that lasts is on the broker. */
export class Door {
  readonly #closing = new AbortController();
  #server: HttpServer | undefined;

  private constructor(
    private readonly dispatcher: Dispatcher,
    private readonly connections: readonly Connection[],
    private readonly closers: { close(): Promise<void> }[],
  ) {}

  /** Answers requests when it resolves. */
  static async open(deps: DoorDeps, options: DoorOptions): Promise<Door> {
    const { address, names, clock, newId, connecting, onWarning } = deps;
    const { queueKind, run } = options;
    const [sendingOn, readingOn] = await Promise.all([
      openConnection(address, 'fairq serve', connecting),
      openConnection(address, 'fairq serve, reading', {
        ...connecting,
        onBlocked: () => {},
        onUnblocked: () => {},
      }),
    ]);
    const makeStreams = () => assertTopology(readingOn, names, queueKind.type);
    let fail = (error: Error): void => onWarning(error.message);
    const recent = new RecentTasks();
    const tail = await StreamTail.open(
      { connection: readingOn, names, makeStreams, onFailure: (error) => fail(error) },
      { timestamp: clock.epochMicros() / 1000 - READ_BEFORE_MS },
      [recent],
    );
    const workers = new WorkerQuestion({
      connect: (onBlocked) =>
        openConnection(address, 'fairq serve, asking', {
          reconnectForMs: Number.POSITIVE_INFINITY,
          onBlocked,
        }),
      names,
      newId,
      onCannotAsk: (reason) => onWarning(`the workers cannot be asked for a task (${reason})`),
    });
    const celery =
      options.celery === undefined
        ? undefined
        : await CeleryBehind.open(
            { connection: sendingOn, names, now: clock.now, onWarning },
            options.celery,
          );
    const dispatcher = new Dispatcher(
      { connection: sendingOn, names, clock, newId, target: celery?.target ?? OWN_QUEUES },
      { run, queueKind },
    );
    const overview = await openOverview({ ...deps, sendingOn, readingOn, tail });
    const actions = new Actions(deps, queueKind);
    const closers = [tail, workers, overview, actions];
    const door = new Door(dispatcher, [sendingOn, readingOn], closers);
    fail = (error) => door.#fail(error);
    const closing = door.#closing.signal;
    setMaxListeners(0, closing);
    const sending = new Sending({
      connection: sendingOn,
      dispatcher,
      confirmWithinMs: options.confirmWithinMs,
      closing,
      backlog: backlogLimitOf(deps, options, readingOn, tail),
    });
    const hub = new NewsHub();
    tail.listen(hub);
    const states = new TaskStates({ connection: readingOn, names, clock, recent, workers });
    const keys = new Idempotency({
      connection: sendingOn,
      reading: readingOn,
      names,
      newId,
      nowMs: () => clock.epochMicros() / 1000,
      ...options.keys,
      withinMs: options.confirmWithinMs,
      hasBegun: async (id) => !['unknown', 'queued'].includes((await states.find(id)).state),
      onFailure: (error) => door.#fail(error),
    });
    door.closers.push(keys);
    if (celery !== undefined) {
      await celery.hear({
        reading: readingOn,
        writing: sendingOn,
        names,
        clock,
        newId,
        makeStreams,
        find: (id) => states.known(id),
        onFailure: (error) => door.#fail(error),
      });
      door.closers.push(celery);
    }
    const services: Services = {
      sending,
      states,
      keys,
      kind: celery?.kind ?? (ownKind(new Places(names, { grouping: BY_USER, shared: false })) as TaskKind),
      events: new EventStreams(
        { connection: readingOn, names, tail, hub, workers, closing, onUnexpected: deps.onUnexpected },
        options.mostStreams,
      ),
      newId,
      nowMicros: () => clock.epochMicros(),
      closing,
      limits: options.body,
      problemOf: (error) => problemOf(error, deps.onUnexpected),
      overview: overview.overview,
      reports: overview.reports,
      dead: overview.dead,
      actions,
      names,
      // Whether Celery's workers serve a queue nobody says here.
      warningOf: celery === undefined ? overview.warningOf : () => undefined,
      trouble: () => (closing.aborted ? 'the server ends' : sending.trouble),
    };
    const api = apiOf(deps, options, services);
    door.#server = await HttpServer.listen(options.server, (request, asking) => api.fetch(request, asking));
    return door;
  }

  #fail: (error: Error) => void = () => {};

  /** Rejects when it cannot go on; never resolves. */
  readonly failed = new Promise<never>((_, reject) => {
    this.#fail = reject;
  });

  get port(): number {
    return this.#server?.port ?? 0;
  }

  /** Tasks that the broker has not confirmed. */
  get unconfirmed(): number {
    return this.dispatcher.unconfirmed;
  }

  /** Takes no request any more; waits end, and confirms are awaited. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.dispatcher.close();
    await this.#server?.close(ANSWERS_WITHIN_MS);
    await Promise.all(this.closers.map((closer) => closer.close()));
    await Promise.all(this.connections.map((connection) => connection.close()));
  }
}

function apiOf(deps: DoorDeps, options: DoorOptions, services: Services): Api {
  const { authenticator } = deps;
  const { closing, problemOf, sending, trouble } = services;
  const metrics = new ServeMetrics(sending, trouble);
  const api = new Api({
    check: (request) => {
      if (closing.aborted && !isProbe(request)) throw serverEnds();
      refuseForeign(request, options.foreign);
    },
    cors: new Cors(options.foreign.origins),
    identify: (asking) => authenticator.identify(asking),
    limits: options.body,
    onAnswered: (operation, status, seconds) => metrics.answered(operation, status, seconds),
    problemOf,
  });
  addHealthRoutes(api, services);
  addTaskRoutes(api, services);
  addBatchRoutes(api, services);
  addEventRoutes(api, services);
  addMetricsRoutes(api, metrics);
  addOpenApiRoutes(api, { version: deps.version, server: '/' });
  addOverviewRoutes(api, services);
  addRunRoutes(api, services);
  addDeadRoutes(api, services);
  addActionRoutes(api, services);
  return api;
}

/** Costs nothing where there is no limit. */
function backlogLimitOf(
  { names, clock }: DoorDeps,
  { mostBacklog: most, celery }: DoorOptions,
  connection: Connection,
  tail: StreamTail,
): BacklogLimit | undefined {
  if (most === undefined) return undefined;
  const now = () => clock.now();
  const speeds = new Speeds(now);
  tail.listen(speeds);
  const queueOf = celery?.queueOf ?? ((user: string) => userQueueOf(names, user));
  return new BacklogLimit({ connection, queueOf, now, speeds, most });
}

/** A supervisor asks until the end. */
function isProbe(request: Request): boolean {
  return /\/(livez|readyz)$/.test(new URL(request.url).pathname);
}
