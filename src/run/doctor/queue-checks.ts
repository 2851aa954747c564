import type { QueueDefinition } from '../../broker/broker-figures.js';
import { counted, type Finding, ok, some, unknown, warning } from '../../core/finding.js';
import { isReserved, type Names, ownQueue } from '../../core/names.js';
import type { ManagementFacts } from './facts.js';

/** fairq gives back what it has held for 10 minutes. */
const HELD_AT_MOST_MS = 10 * 60_000;

export function unbound({ queues, bound }: ManagementFacts, names: Names): Finding {
  if (bound === undefined) {
    return unknown('bindings', 'this user may not see the bindings', 'Give the user the "management" tag.');
  }
  const left = queues
    .map(({ name }) => name)
    .filter((name) => ownQueue(names, name) !== undefined && !bound.has(name));
  if (left.length === 0) return ok('bindings', 'every user queue is bound');
  return warning(
    'bindings',
    `${counted(left.length, 'user queue')} not bound: ${some(left)}`,
    'A prune is under way, or one was killed: fairq queues prune --yes binds them again.',
  );
}

export function unconsumed({ queues }: ManagementFacts, names: Names): Finding {
  const waiting = queues.filter(
    ({ name, ready, consumers }) => ownQueue(names, name) !== undefined && ready > 0 && consumers === 0,
  );
  if (waiting.length === 0) return ok('consumers', 'no user queue has tasks and no worker');
  const tasks = waiting.reduce((sum, { ready }) => sum + ready, 0);
  return warning(
    'consumers',
    `${counted(waiting.length, 'user queue')} with ${counted(tasks, 'task')} and no worker: ${some(waiting.map(({ name }) => name))}`,
    'Start one: fairq worker. With --queues, --exclude or --group-by it may leave these out.',
  );
}

export function deadLetters({ queues }: ManagementFacts, names: Names): Finding {
  const ready = queues.find(({ name }) => name === names.deadLetterQueue)?.ready ?? 0;
  if (ready === 0) return ok('dead letters', 'none');
  return warning(
    'dead letters',
    `${counted(ready, 'task')} failed for good`,
    'fairq dead list says why; redrive sends them back.',
  );
}

export function retries({ queues }: ManagementFacts, names: Names): Finding {
  const waits = queues.filter(({ name }) => name.startsWith(names.retryQueuePrefix));
  const tasks = waits.reduce((sum, { ready, unacknowledged }) => sum + ready + unacknowledged, 0);
  const orphaned = waits.filter(({ consumers, ready }) => consumers === 0 && ready > 0);
  if (orphaned.length > 0) {
    return warning(
      'retries',
      `${counted(tasks, 'task')} wait for another attempt, and no worker watches over them`,
      'Start one: fairq worker.',
    );
  }
  return ok('retries', tasks === 0 ? 'none waits' : `${counted(tasks, 'task')} wait for another attempt`);
}

/** Quorum queues that drop what is given back too often, and queues that take back what is held for long. */
export function limits({ definitions, version }: ManagementFacts, names: Names): Finding {
  const ours = definitions.filter(
    ({ name }) => ownQueue(names, name) !== undefined || isReserved(names, name),
  );
  const major = Number.parseInt(version, 10);
  const dropping = ours.filter((queue) => queue.type === 'quorum' && dropsWhatIsGivenBack(queue, major));
  if (dropping.length > 0) {
    return warning(
      'limits',
      `${counted(dropping.length, 'quorum queue')} drop a task that was given back too often: ${some(dropping.map(({ name }) => name))}`,
      major >= 4
        ? 'Make them with x-delivery-limit -1, as fairq does; a policy can do it too.'
        : 'Take the delivery limit away: before 4.0 there is none unless it is set.',
    );
  }
  const impatient = ours.filter((queue) => {
    const timeout = queue.arguments['x-consumer-timeout'] ?? queue.policy['consumer-timeout'];
    return typeof timeout === 'number' && timeout < HELD_AT_MOST_MS;
  });
  if (impatient.length > 0) {
    return warning(
      'limits',
      `${counted(impatient.length, 'queue')} take back what is held for less than 10 minutes: ${some(impatient.map(({ name }) => name))}`,
      'Set their consumer timeout to 15 minutes or more: a worker holds a task for 10 at the most.',
    );
  }
  return ok('limits', 'no delivery limit and no consumer timeout is in the way');
}

function dropsWhatIsGivenBack({ arguments: args, policy }: QueueDefinition, major: number): boolean {
  const limit = args['x-delivery-limit'] ?? policy['delivery-limit'];
  return major >= 4 ? limit !== -1 : limit !== undefined;
}
