import { type Names, ownQueue } from '../../core/queues/names.js';
import { counted, type Finding, ok, problem, some, unknown, warning } from '../../core/reports/finding.js';
import { describeAlternate, mendOfAlternate } from '../queues/prune/astray.js';
import type { AmqpFacts, ManagementFacts } from './facts.js';

const ASK_FOR_RIGHTS = 'Give the user the "management" tag.';

/** Publishers learn that a queue is missing from what comes back. */
export function unroutable(
  { comesBack, isSpread = false }: Pick<AmqpFacts, 'comesBack' | 'isSpread'>,
  listed: Pick<ManagementFacts, 'alternate'> | undefined,
  { taskExchange, spreadExchange }: Names,
): Finding {
  if (isSpread && (listed?.alternate?.name ?? spreadExchange) === spreadExchange) {
    return ok('unroutable', `what finds no queue on "${taskExchange}" goes to queues that light users share`);
  }
  if (comesBack === undefined && !isSpread) {
    return unknown('unroutable', 'the broker has not said what becomes of it', 'Run it again.');
  }
  if (comesBack) return ok('unroutable', `what finds no queue on "${taskExchange}" comes back`);
  return problem(
    'unroutable',
    `what finds no queue on "${taskExchange}" does not come back: ${describeAlternate(listed?.alternate)}. Publishers send past it, older ones lose tasks there, and queues are not pruned`,
    mendOfAlternate(taskExchange),
  );
}

/** Bindings that fairq did not make: with one of them a task counts as arrived though its user's queue is missing. */
export function foreignBindings({ bindings }: Pick<ManagementFacts, 'bindings'>, names: Names): Finding {
  if (bindings === undefined) {
    return unknown('foreign', 'this user may not see the bindings', ASK_FOR_RIGHTS);
  }
  const foreign = bindings.filter(({ destination, isQueue, key }) => {
    const own = isQueue ? (ownQueue(names, destination)?.key ?? destination) : undefined;
    return own !== key;
  });
  if (foreign.length === 0) return ok('foreign', `none on "${names.taskExchange}" but those of fairq`);
  return warning(
    'foreign',
    `${counted(foreign.length, 'binding')} on "${names.taskExchange}" that fairq did not make, to ${some([...new Set(foreign.map(({ destination }) => destination))])}`,
    "A task of such a key counts as arrived although its user's queue may be missing: take the binding away.",
  );
}

export function exchanges({ exchangeTypes }: Pick<ManagementFacts, 'exchangeTypes'>, names: Names): Finding {
  if (exchangeTypes === undefined) {
    return unknown('exchanges', 'this user may not see the exchanges', ASK_FOR_RIGHTS);
  }
  const wanted = [
    [names.taskExchange, 'direct'],
    [names.controlExchange, 'fanout'],
  ] as const;
  const wrong = wanted.filter(([name, type]) => (exchangeTypes.get(name) ?? type) !== type);
  if (wrong.length === 0) return ok('exchanges', 'of the right types, or not made yet');
  const texts = wrong.map(
    ([name, type]) => `"${name}" is a ${exchangeTypes.get(name)} exchange, and fairq needs a ${type} one`,
  );
  return problem(
    'exchanges',
    texts.join('; '),
    'Delete it, when nothing else uses it, or choose another --prefix.',
  );
}
