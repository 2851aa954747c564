import type { BecauseAnswer } from '../../broker/control/why.js';
import { currentPolicy } from '../../broker/policy/policy-stream.js';
import { isExchangeThere } from '../../broker/queues/exchanges.js';
import { countQueues } from '../../broker/queues/queue-counts.js';
import { ifAllowed } from '../../core/errors/errors.js';
import type { Facts, SharedFacts, Subject, TaskFacts, WorkerFacts } from '../../core/explain/facts.js';
import { Policy } from '../../core/policy/policy.js';
import { delayOfQueue, ownQueue, spreadQueue, userQueueOf } from '../../core/queues/names.js';
import type { Asking, WhyAsked } from './asking.js';
import type { ExplainDeps } from './explain-deps.js';
import { findQueue, findSilent, orUnknown } from './queue-facts.js';

/** What is known of a queue, by its own word, that of the workers, and what is set for its user. */
export async function factsOfQueue(
  deps: ExplainDeps,
  asking: Asking,
  subject: Subject,
  queueName: string,
  task?: TaskFacts,
): Promise<Facts> {
  const unknown: string[] = [];
  const [found, heard, policy, listed, delayed] = await Promise.all([
    findQueue(deps, queueName, unknown),
    asking.ask({ queue: queueName }),
    findPolicy(deps, unknown),
    findAlarms(deps),
    findDelayed(deps, unknown),
  ]);
  const own = ownQueue(deps.names, queueName);
  const sharesQueues = own?.kind === 'user' && found.queue === undefined && !found.down;
  const shared = sharesQueues ? await findShared(deps, unknown) : undefined;
  const consumers = found.queue?.consumers ?? shared?.consumers ?? 0;
  const asked = await orAskAgain(asking, queueName, consumers, heard);
  if (shared !== undefined && shared.consumers > 0 && asked?.answers.length === 0)
    unknown.push('what workers have of it: none of those that consume the shared queues has answered');
  const now = nowOf(deps);
  const silent = await findSilent(deps, found, asked, now);
  const lane = asked?.answers.find((answer) => answer.lane !== undefined)?.lane;
  const user = lane?.user ?? own?.name;
  const tenant = lane?.tenant;
  return {
    now,
    subject,
    queueName,
    silent,
    unanswered: (asked?.silent ?? []).filter((name) => !silent.some(({ worker }) => worker === name)),
    unknown: [...unknown, ...notAsked(asking, asked)],
    ...aboutBroker(asking, listed, asked),
    ...(found.queue !== undefined && { queue: found.queue }),
    ...(found.down && { queueDown: true as const }),
    ...(shared !== undefined && { shared }),
    ...(policy !== undefined && user !== undefined && { limits: policy.forUser(user, now) }),
    ...(policy !== undefined &&
      tenant !== undefined && { tenant: { name: tenant, limits: policy.forTenant(tenant, now) } }),
    ...(task === undefined ? delayed !== undefined && { delayed } : { task }),
  };
}

/** A worker that has just started consumes the queue before the broker lists its connection, and was not waited for. */
async function orAskAgain(
  asking: Asking,
  queue: string,
  consumers: number,
  heard: WhyAsked,
): Promise<WhyAsked> {
  if (consumers === 0 || heard === undefined || heard.answers.length + heard.silent.length > 0) return heard;
  return asking.ask({ queue }, 1);
}

/** What is known of a tenant: workers alone know which users are its. */
export async function factsOfTenant(deps: ExplainDeps, asking: Asking, name: string): Promise<Facts> {
  const unknown: string[] = [];
  const [asked, policy, listed] = await Promise.all([
    asking.ask({ tenant: name }),
    findPolicy(deps, unknown),
    findAlarms(deps),
  ]);
  const now = nowOf(deps);
  const told = asked?.answers.flatMap(({ tenant }) => tenant ?? []) ?? [];
  const users = [...new Set(told.flatMap((tenant) => tenant.users))];
  const count = Math.max(0, ...told.map(({ userCount }) => userCount));
  if (asked !== undefined && told.length === 0) {
    unknown.push(`who is of this tenant: no worker that answers knows of it ("fairq worker --tenant-of")`);
  } else if (count > users.length) {
    unknown.push(`what waits of ${count - users.length} more users of it`);
  }
  const queues = users.map((user) => userQueueOf(deps.names, user));
  const counts = await countQueues(deps.connection, queues);
  const ready = [...counts.values()].reduce((sum, one) => sum + one.ready, 0);
  return {
    now,
    subject: { of: 'tenant', name },
    silent: [],
    unknown: [...unknown, ...notAsked(asking, asked)],
    ...aboutBroker(asking, listed, asked),
    ...(told.length > 0 && { tenantReady: ready }),
    ...(policy !== undefined && { tenant: { name, limits: policy.forTenant(name, now) } }),
  };
}

/** A task whose user nobody knows, or that has ended. */
export async function factsOfLoneTask(
  deps: ExplainDeps,
  asking: Asking,
  subject: Subject,
  task: TaskFacts,
): Promise<Facts> {
  const listed = await findAlarms(deps);
  return {
    now: nowOf(deps),
    subject,
    silent: [],
    unknown: [],
    ...aboutBroker(asking, listed, undefined),
    task,
  };
}

function aboutBroker(
  { alarm }: Asking,
  listed: readonly string[] | undefined,
  asked: WhyAsked,
): Pick<Facts, 'alarms' | 'workers'> {
  const alarms = listed !== undefined && listed.length > 0 ? listed : alarm === undefined ? listed : [alarm];
  return {
    ...(alarms !== undefined && { alarms }),
    ...(asked !== undefined && { workers: asked.answers.map(workerFacts) }),
  };
}

function workerFacts(answer: BecauseAnswer): WorkerFacts {
  const { name, slots, busy, ready, serves, users, allMs, lane, tenant } = answer;
  return {
    name,
    slots,
    busy,
    ready,
    serves,
    users,
    allMs,
    ...(lane !== undefined && { lane }),
    ...(tenant !== undefined && { tenant }),
  };
}

function notAsked({ alarm, refused }: Asking, asked: WhyAsked): string[] {
  if (asked !== undefined) return [];
  const why = refused ?? (alarm === undefined ? 'no connection' : `the broker is blocked: ${alarm}`);
  return [`what workers have of it: they could not be asked (${why})`];
}

async function findPolicy(
  { connection, names }: ExplainDeps,
  unknown: string[],
): Promise<Policy | undefined> {
  const document = await orUnknown(currentPolicy(connection, names), unknown, 'what operators have set');
  return document && new Policy(document);
}

/** Tasks in delay queues that no worker has taken yet: one holds the first few, and those that are due soon. */
async function findDelayed(
  { connection, management, names }: ExplainDeps,
  unknown: string[],
): Promise<Facts['delayed']> {
  const all = await orUnknown(management.queueNames(), unknown, 'whether tasks wait for their next attempt');
  const delays = all?.filter((name) => delayOfQueue(names, name) !== undefined) ?? [];
  const counts = [...(await countQueues(connection, delays))].filter(([, { ready }]) => ready > 0);
  if (counts.length === 0) return undefined;
  const tasks = counts.reduce((sum, [, { ready }]) => sum + ready, 0);
  return { tasks, queues: counts.map(([name]) => name).sort() };
}

/** Undefined where users share none. */
async function findShared(
  { connection, management, names }: ExplainDeps,
  unknown: string[],
): Promise<SharedFacts | undefined> {
  const all = await orUnknown(management.queueNames(), unknown, 'whether users share queues');
  const queues = all?.filter((name) => spreadQueue(names, name) !== undefined) ?? [];
  if (queues.length === 0) return undefined;
  const inForce = (await isExchangeThere(connection, names.spreadExchange))
    ? await ifAllowed(management.boundQueues(names.spreadExchange))
    : undefined;
  const counts = await countQueues(connection, queues);
  // Queues of a number that is in force no longer may have tasks left.
  const counted = [...counts].filter(([name, { ready }]) => inForce?.has(name) !== false || ready > 0);
  const sum = (count: (one: { ready: number; consumers: number }) => number) =>
    counted.reduce((total, [, one]) => total + count(one), 0);
  return {
    queues: counted.length,
    ready: sum(({ ready }) => ready),
    consumers: sum(({ consumers }) => consumers),
  };
}

async function findAlarms({ management }: ExplainDeps): Promise<string[] | undefined> {
  const nodes = await orUnknown(management.nodes(), [], '');
  return nodes?.flatMap(({ name, memoryAlarm, diskAlarm }) => [
    ...(memoryAlarm ? [`memory on ${name}`] : []),
    ...(diskAlarm ? [`disk on ${name}`] : []),
  ]);
}

function nowOf({ clock }: ExplainDeps): number {
  return Math.round(clock.epochMicros() / 1_000);
}
