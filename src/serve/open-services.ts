import { randomBytes } from 'node:crypto';
import { type Connection, openConnection } from '../broker/connection/connection.js';
import { Management } from '../broker/management/management.js';
import { assertTopology } from '../broker/queues/topology.js';
import { taskIdOf } from '../core/message/task-id.js';
import type { PolicyDocument } from '../core/policy/policy-document.js';
import { BY_USER } from '../core/queues/grouping.js';
import { userQueueOf } from '../core/queues/names.js';
import { BacklogEnds } from '../run/policy/backlog-ends.js';
import { Dispatcher } from '../run/publish/dispatch/dispatcher.js';
import { OWN_QUEUES } from '../run/publish/own-destination.js';
import { Places } from '../run/publish/places.js';
import { WorkerQuestion } from '../run/tasks/worker-question.js';
import { Actions } from './actions/actions.js';
import { CeleryBehind } from './celery.js';
import { Doctor } from './doctor/doctor.js';
import type { DoorDeps, DoorOptions } from './door-contract.js';
import { EventStreams } from './events/event-streams.js';
import { NewsHub } from './events/news-hub.js';
import { OpenOutputs } from './events/open-outputs.js';
import { openStreams } from './events/open-streams.js';
import { openHistory } from './history/open-history.js';
import { Problem } from './http/problem.js';
import { problemOf } from './http/problem-of.js';
import { Idempotency } from './keys/idempotency.js';
import { Alarms } from './live/alarms.js';
import { LiveStreams } from './live/live-streams.js';
import { openOverview } from './overview/open-overview.js';
import { RecentCompletions } from './overview/recent-completions.js';
import { FollowedPolicy } from './policy/followed-policy.js';
import { BacklogLimit } from './pressure/backlog-limit.js';
import { Speeds } from './pressure/speeds.js';
import type { Services } from './routes/services.js';
import { RecentTasks } from './tasks/recent-tasks.js';
import { ownKind } from './tasks/requested-task.js';
import { Sending } from './tasks/sending.js';
import { StreamTail } from './tasks/stream-tail.js';
import type { TaskKind } from './tasks/task-kind.js';
import { TaskStates } from './tasks/task-states.js';

/** What is read of the streams when a server starts: what was asked of another shortly before is known to this one. */
const READ_BEFORE_MS = 60_000;

/** How long what is opened lives. */
export interface Life {
  /** The server ends: waits end, too. */
  readonly closing: AbortSignal;
  /** It cannot go on. */
  readonly onFailure: (error: Error) => void;
}

export interface OpenedServices {
  readonly services: Services;
  readonly dispatcher: Dispatcher;
  /** Once all that was sent is confirmed. */
  close(): Promise<void>;
}

/** Opens what the routes work with: connections, the one reader of the streams, and all that hears it. */
export async function openServices(
  deps: DoorDeps,
  options: DoorOptions,
  life: Life,
): Promise<OpenedServices> {
  const { names, clock, newId, onWarning } = deps;
  const { closing, onFailure } = life;
  const [sendingOn, readingOn] = await connect(deps);
  const makeStreams = () => assertTopology(readingOn, names, options.queueKind.type);
  const recent = new RecentTasks();
  const readFrom = clock.epochMicros() / 1_000 - READ_BEFORE_MS;
  const epochMs = () => clock.epochMicros() / 1_000;
  const completions = new RecentCompletions({ epochMs, since: readFrom });
  const hub = new NewsHub();
  const tail = await StreamTail.open(
    { connection: readingOn, names, makeStreams, onFailure },
    { timestamp: readFrom },
    [recent, completions],
  );
  const history = openHistory(deps, tail);
  tail.listen(hub);
  const workers = workersToAsk(deps);
  const states = new TaskStates({ connection: readingOn, names, clock, recent, workers });
  const celery =
    options.celery &&
    (await CeleryBehind.open({ connection: sendingOn, names, now: clock.now, onWarning }, options.celery));
  await celery?.hear({
    reading: readingOn,
    writing: sendingOn,
    names,
    clock,
    newId,
    makeStreams,
    find: (id) => states.known(id),
    onFailure,
  });
  const dispatcher = new Dispatcher(
    { connection: sendingOn, names, clock, newId, target: celery?.target ?? OWN_QUEUES },
    { run: options.run, queueKind: options.queueKind, isImpatient: true },
  );
  const overview = await openOverview({
    ...deps,
    sendingOn,
    readingOn,
    tail,
    policy: () => policy.known,
  });
  const actions = new Actions(deps, options.queueKind);
  const alarms = new Alarms(deps.address, () => clock.now());
  const backlogEnds = openBacklogEnds(deps, readingOn);
  const policy = await FollowedPolicy.open(readingOn, names, onWarning, backlogEnds.heard);
  const sending = new Sending({
    connection: sendingOn,
    dispatcher,
    confirmWithinMs: options.confirmWithinMs,
    closing,
    backlog: backlogLimitOf(deps, options, readingOn, tail),
  });
  const keys = new Idempotency({
    connection: sendingOn,
    reading: readingOn,
    names,
    newId,
    nowMs: () => clock.epochMicros() / 1000,
    ...options.keys,
    withinMs: options.confirmWithinMs,
    hasBegun: async (id) => !['unknown', 'queued'].includes((await states.find(id)).state),
    onFailure,
  });
  const onProblem = (error: unknown) => problemOf(error, deps.onUnexpected);
  const watching = { onUnexpected: deps.onUnexpected, closing };
  const live = new LiveStreams({
    overview: overview.overview,
    alarms,
    policy,
    open: new OpenOutputs(watching, openStreams(options.mostStreams)),
    problemOf: onProblem,
  });
  const services: Services = {
    live,
    history,
    doctor: new Doctor(deps),
    sending,
    states,
    keys,
    kind:
      celery?.kind ??
      (ownKind(new Places(names, { grouping: BY_USER, shared: false }), options.queues) as TaskKind),
    requireOwnQueues: () => {
      if (options.celery !== undefined) throw notWithCelery(options.celery.prefix);
    },
    events: new EventStreams(
      { connection: readingOn, names, tail, hub, workers, ...watching },
      options.mostStreams,
    ),
    // Nobody can guess the ids of others' tasks from their own.
    newId: () => taskIdOf(clock.epochMicros() / 1000, randomBytes(10)),
    nowMicros: () => clock.epochMicros(),
    closing,
    limits: options.body,
    problemOf: onProblem,
    overview: overview.overview,
    recent: completions,
    reports: overview.reports,
    dead: overview.dead,
    explanations: overview.explanations,
    actions,
    policy,
    names,
    // Whether Celery's workers serve a queue nobody says here.
    warningOf: celery === undefined ? overview.warningOf : () => undefined,
    trouble: () => (closing.aborted ? 'the server ends' : sending.trouble),
  };
  const watched = [live, history, alarms, tail, workers, overview];
  const parts = [...watched, actions, policy, backlogEnds, keys, ...(celery ? [celery] : [])];
  return {
    services,
    dispatcher,
    close: async () => {
      await Promise.all(parts.map((part) => part.close()));
      await Promise.all([sendingOn, readingOn].map((connection) => connection.close()));
    },
  };
}

/** Under an alarm the broker reads nothing of a connection that has published. So another one reads. */
function connect({ address, connecting }: DoorDeps): Promise<[sending: Connection, reading: Connection]> {
  const quietly = { ...connecting, onBlocked: () => {}, onUnblocked: () => {} };
  return Promise.all([
    openConnection(address, 'fairq serve', connecting),
    openConnection(address, 'fairq serve, reading', quietly),
  ]);
}

function workersToAsk({ address, names, newId, onWarning }: DoorDeps): WorkerQuestion {
  return new WorkerQuestion({
    connect: (onBlocked) =>
      openConnection(address, 'fairq serve, asking', {
        reconnectForMs: Number.POSITIVE_INFINITY,
        onBlocked,
      }),
    names,
    newId,
    onCannotAsk: (reason) => onWarning(`the workers cannot be asked for a task (${reason})`),
  });
}

/** Asks the management API for nothing until a limit has ended. */
function openBacklogEnds({ address, names, clock, onWarning }: DoorDeps, connection: Connection) {
  const management = new Management(address);
  const nowMs = () => clock.epochMicros() / 1000;
  const ends = new BacklogEnds({ connection, names, policies: management.policies, nowMs, onWarning });
  return {
    heard: (document: PolicyDocument) => ends.heard(document),
    close: async () => {
      ends.close();
      await management.close();
    },
  };
}

function notWithCelery(prefix: string): Problem {
  const detail = `The queues of its users are those of a Celery application. Use "fairq queues list --queue-prefix ${prefix}" and its like.`;
  return new Problem(501, 'not-with-celery', 'This server does not do that', detail);
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
