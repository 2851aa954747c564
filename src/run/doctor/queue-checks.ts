import { type Names, ownQueue } from '../../core/queues/names.js';
import { counted, type Finding, ok, problem, some, unknown, warning } from '../../core/reports/finding.js';
import type { ManagementFacts } from './facts.js';

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

export function down({ queues }: ManagementFacts): Finding {
  const away = queues.filter(({ down }) => down).map(({ name }) => name);
  if (away.length === 0) return ok('down', 'every queue has most of its nodes');
  return problem(
    'down',
    `${counted(away.length, 'queue')} without most of the nodes with its tasks, which nobody can send to or take from: ${some(away)}`,
    'Start the nodes that are away. One that stays down while all nodes run is broken: rabbitmqctl delete_queue NAME throws it away with its tasks.',
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
    'Start one: fairq worker. With --queues, --exclude or --group-by it may leave these out. A paused user has none, as it should be.',
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
