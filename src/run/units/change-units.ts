import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '../../broker/connection/connection.js';
import type { Management } from '../../broker/management/management.js';
import { ensureExchanges } from '../../broker/queues/exchanges.js';
import { takeLock } from '../../broker/queues/lock.js';
import type { QueueType } from '../../broker/queues/topology.js';
import {
  ensureTaskExchange,
  makeSpreadExchange,
  makeSpreadQueues,
  removeExchange,
  unbindSpread,
} from '../../broker/units/spread.js';
import { refusedError } from '../../core/errors/errors.js';
import { type Names, spreadMarkerOf } from '../../core/queues/names.js';
import { spreadPolicyName, type UnitsStep } from './units-plan.js';

/** Above what others usually give their policies, since of those that match only one counts. */
const POLICY_PRIORITY = 100;
/** A policy that has been put is in force soon. Milliseconds. */
const IN_FORCE_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 100;

export interface ChangeUnitsDeps {
  readonly connection: Connection;
  readonly management: Management;
  readonly names: Names;
  /** Of the queues that are made. */
  readonly type: QueueType;
  /** Milliseconds; it only grows. */
  readonly now: () => number;
}

/**
 * Carries the steps out. While it does, tasks of users without a queue are in one of the queues of before or after, or
 * come back to their publishers, who then give the user a queue.
 *
 * @throws FairqError (refused) where somebody else is at it, or a policy is not in force in time
 */
export async function changeUnits(deps: ChangeUnitsDeps, steps: readonly UnitsStep[]): Promise<void> {
  const { connection, names } = deps;
  const lock = await takeLock(connection, names.unitsLock);
  if (lock === undefined) {
    throw refusedError('UNITS_LOCKED', 'somebody else is changing what has a queue; nothing was changed', {
      hint: 'Try again in a moment.',
    });
  }
  try {
    for (const step of steps) await carryOut(step, deps);
  } finally {
    await lock.release();
  }
}

async function carryOut(step: UnitsStep, deps: ChangeUnitsDeps): Promise<void> {
  const { connection, management, names, type } = deps;
  switch (step.kind) {
    case 'spread':
      await makeSpreadExchange(connection, names);
      await makeSpreadQueues(connection, names, { count: step.count, type }, { bind: true });
      await ensureExchanges(connection, { [spreadMarkerOf(names, step.count)]: 'fanout' });
      return;
    case 'task-exchange':
      await ensureTaskExchange(connection, names);
      return;
    case 'policy':
      await putPolicy(deps);
      return;
    case 'unbind':
      await removeExchange(connection, spreadMarkerOf(names, step.count));
      await unbindSpread(connection, names, step.count);
      return;
    case 'remove-policy':
      await management.policies.remove(step.policy);
      return;
    case 'remove-exchange': {
      const types = await management.exchangeTypes();
      for (const exchange of types.keys()) {
        if (isMarker(exchange, names)) await removeExchange(connection, exchange);
      }
      await removeExchange(connection, names.spreadExchange);
    }
  }
}

function isMarker(exchange: string, names: Names): boolean {
  const count = Number(exchange.slice(names.spreadQueuePrefix.length));
  return Number.isInteger(count) && exchange === spreadMarkerOf(names, count);
}

async function putPolicy({ management, names, now }: ChangeUnitsDeps): Promise<void> {
  const { taskExchange, spreadExchange } = names;
  const name = spreadPolicyName(names);
  await management.policies.put({
    name,
    pattern: `^${taskExchange.replaceAll(/[.\\^$|?*+()[\]{}]/g, '\\$&')}$`,
    applyTo: 'exchanges',
    priority: POLICY_PRIORITY,
    definition: { 'alternate-exchange': spreadExchange },
  });
  const until = now() + IN_FORCE_WITHIN_MS;
  while ((await management.alternateExchange(taskExchange))?.name !== spreadExchange) {
    if (now() > until) {
      throw refusedError(
        'POLICY_NOT_IN_FORCE',
        `the RabbitMQ policy "${name}" is there, and another one counts for the exchange "${taskExchange}"`,
        { hint: `See rabbitmqctl list_policies: let the other one leave "${taskExchange}" out.` },
      );
    }
    await delay(LOOK_EVERY_MS);
  }
}
