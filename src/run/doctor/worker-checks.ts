import { idleSlots } from '../../broker/control/control.js';
import { type Names, ownQueue, WORKER_CONNECTION } from '../../core/queues/names.js';
import { noticedBy } from '../../core/queues/noticing.js';
import { counted, type Finding, ok, problem, some, unknown, warning } from '../../core/reports/finding.js';
import type { AmqpFacts, ManagementFacts } from './facts.js';

/** More than so many tasks unacknowledged at one process keeps them from all others. */
const HOARD = 20_000;
/** Half of the time after which a broker that is as it was installed takes a task back. */
const LONG_MINUTES = 15;

/** Workers that are connected and say nothing. */
export function workers(
  { workers: heard, blocked }: AmqpFacts,
  { connections }: Pick<ManagementFacts, 'connections'>,
): Finding {
  if (blocked !== undefined && heard.length === 0) {
    return unknown(
      'workers',
      'the broker takes no word of theirs while it is blocked',
      'See alarms: they are heard when that is over.',
    );
  }
  const slots = heard.reduce((sum, worker) => sum + worker.slots, 0);
  const free = heard.reduce((sum, worker) => sum + idleSlots(worker), 0);
  const names = new Set(heard.map(({ name }) => name));
  const silent = (connections ?? [])
    .filter((name) => name.startsWith(WORKER_CONNECTION))
    .map((name) => name.slice(WORKER_CONNECTION.length))
    .filter((name) => !names.has(name));
  if (silent.length > 0) {
    return warning(
      'workers',
      `${counted(silent.length, 'worker')} connected and not heard of for 2.6 s: ${some(silent)}`,
      'It is busy with a task that blocks its event loop, stopped, or of another --prefix.',
    );
  }
  if (heard.length === 0) return ok('workers', 'none is running');
  return ok(
    'workers',
    `${counted(heard.length, 'worker')}, ${counted(slots, 'slot')}, ${free.toLocaleString('en-US')} of them idle`,
  );
}

/** Of those whose client announces nothing. */
export function newUsers({ broker }: Pick<AmqpFacts, 'broker'>): Finding {
  const listing = 'a listing every 30 s (worker --discover-every)';
  return ok('new users', `workers notice them by ${noticedBy(broker, listing)}`);
}

/** @param nowMs milliseconds since the epoch */
export function running({ workers: heard }: AmqpFacts, nowMs: number): Finding {
  const longest = heard
    .flatMap(({ name, longest: task }) => (task === undefined ? [] : [{ worker: name, ...task }]))
    .sort((a, b) => a.started - b.started);
  const [first] = longest;
  if (first === undefined) return ok('running tasks', 'none runs, at the workers that were heard');
  const minutesOf = (started: number) => (nowMs - started / 1_000) / 60_000;
  const text = `a task named ${JSON.stringify(first.type)} of user ${JSON.stringify(first.user)} has run for ${Math.floor(minutesOf(first.started)).toLocaleString('en-US')} min at worker ${JSON.stringify(first.worker)}`;
  if (minutesOf(first.started) < LONG_MINUTES) {
    return ok('running tasks', `none has run for ${LONG_MINUTES} min`);
  }
  return warning(
    'running tasks',
    text,
    'See "fairq tasks --running". By default RabbitMQ takes a task back that nobody has acknowledged for 30 min (consumer_timeout); worker --task-timeout ends one before.',
  );
}

/** What all consumers of user queues may hold, by connection: prefetch times queues. */
export function hoarding({ consumers, queues }: ManagementFacts, names: Names): Finding {
  const isUsers = new Set(
    queues.map(({ name }) => name).filter((name) => ownQueue(names, name) !== undefined),
  );
  const held = new Map<string, number>();
  let unlimited = 0;
  for (const { queue, prefetch, connection } of consumers) {
    if (!isUsers.has(queue)) continue;
    if (prefetch === 0) unlimited++;
    held.set(connection, (held.get(connection) ?? 0) + prefetch);
  }
  if (unlimited > 0) {
    return problem(
      'hoarding',
      `${counted(unlimited, 'consumer')} of user queues without a prefetch: each takes all that waits`,
      'Give them a prefetch; fairq workers have one.',
    );
  }
  const most = Math.max(0, ...held.values());
  if (most > HOARD) {
    return warning(
      'hoarding',
      `one process may hold ${counted(most, 'task')} (prefetch times queues)`,
      'Use --prefetch auto, or a smaller one: what it holds no idle worker can get.',
    );
  }
  return ok(
    'hoarding',
    most === 0 ? 'nobody consumes user queues' : `a process holds ${counted(most, 'task')} at the most`,
  );
}
