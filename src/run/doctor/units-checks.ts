import { type Names, spreadQueue } from '../../core/queues/names.js';
import { countInForce, spreadQueues } from '../../core/queues/units.js';
import { counted, type Finding, ok, problem, some, warning } from '../../core/reports/finding.js';
import type { ManagementFacts } from './facts.js';

const CHECK = 'units';
const SET_AGAIN =
  'See "fairq units show"; "fairq units set shared:N" makes it whole, "fairq units set user" takes it away.';

/** Whether what light users share is whole: the exchange, its queues, and what sends to it. */
export function units(
  { queues, exchangeTypes, alternate, spreadBound, knownTypes }: ManagementFacts,
  names: Names,
): Finding {
  const spread = queues.filter(({ name }) => spreadQueue(names, name) !== undefined);
  const isThere = exchangeTypes?.has(names.spreadExchange) === true;
  const plugin = knownTypes?.includes('x-consistent-hash');
  if (!isThere && spread.length === 0) {
    const may = plugin === true ? '; they can share queues: the plugin is on' : '';
    return ok(CHECK, `each user has a queue${may}`);
  }
  if (isThere && plugin === false) {
    return problem(
      CHECK,
      `light users share queues, and the plugin rabbitmq_consistent_hash_exchange is off: publishers send past the exchange "${names.taskExchange}"`,
      'Switch it on, on each node: rabbitmq-plugins enable rabbitmq_consistent_hash_exchange.',
    );
  }
  if (
    isThere &&
    alternate !== undefined &&
    alternate.name !== undefined &&
    alternate.name !== names.spreadExchange
  ) {
    return problem(
      CHECK,
      `what finds no queue goes to "${alternate.name}", and not to the queues that light users share`,
      SET_AGAIN,
    );
  }
  const bound = spreadBound ?? new Set<string>();
  if (isThere && spreadBound !== undefined && bound.size === 0) {
    return warning(
      CHECK,
      `no queue is bound to the exchange "${names.spreadExchange}": each new user gets a queue`,
      SET_AGAIN,
    );
  }
  const old = spread.filter(
    ({ name, ready, unacknowledged }) => isThere && !bound.has(name) && ready + unacknowledged > 0,
  );
  const alone = spread.filter(({ consumers, ready }) => consumers === 0 && ready > 0);
  if (alone.length > 0) {
    const tasks = alone.reduce((sum, { ready }) => sum + ready, 0);
    return warning(
      CHECK,
      `${counted(alone.length, 'queue')} that light users share with ${counted(tasks, 'task')} and no worker: ${some(alone.map(({ name }) => name))}`,
      'Start one: fairq worker. With --queues or --exclude it may leave these out.',
    );
  }
  const inForce = countInForce(names, bound);
  if (inForce !== undefined) {
    const broken = incomplete(inForce, new Set(queues.map(({ name }) => name)), bound, names);
    if (broken !== undefined) return broken;
  }
  if (old.length > 0) {
    return warning(
      CHECK,
      `${counted(old.length, 'queue')} of a number that is in force no longer, with tasks: ${some(old.map(({ name }) => name))}`,
      'Workers empty them. "fairq queues prune" deletes them then.',
    );
  }
  return ok(CHECK, `light users share ${counted(bound.size, 'queue')}`);
}

/** Whether some of the queues in force are gone, or got unbound. */
function incomplete(
  count: number,
  there: ReadonlySet<string>,
  bound: ReadonlySet<string>,
  names: Names,
): Finding | undefined {
  const all = spreadQueues(names, count);
  const missing = all.filter((name) => !there.has(name));
  const lost = missing.length > 0 ? missing : all.filter((name) => !bound.has(name));
  if (lost.length === 0) return undefined;
  const what = missing.length > 0 ? 'gone, with what waited there' : 'not bound';
  const are = lost.length === 1 ? 'is' : 'are';
  return warning(
    CHECK,
    `of the ${counted(count, 'queue')} that light users share ${lost.length.toLocaleString('en-US')} ${are} ${what}: ${some(lost)}. What ${lost.length === 1 ? 'its' : 'their'} users send goes to the others`,
    `"fairq units set shared:${count}" makes all ${count} again. So does a worker or a publish that starts with --units shared:${count}.`,
  );
}
