import type { Connection } from '../../../broker/connection/connection.js';
import type { AlternateExchange, Management } from '../../../broker/management/management.js';
import { countDirectSenders } from '../../../broker/publishing/direct-senders.js';
import { unroutableComesBack } from '../../../broker/publishing/unroutable.js';
import { isExchangeThere } from '../../../broker/queues/exchanges.js';
import { FairqError, refusedError } from '../../../core/errors/errors.js';
import type { Names } from '../../../core/queues/names.js';

const GIVES_EACH_A_QUEUE =
  'They give each user a queue (--units user, --ordered), or cannot use the exchange. End them first, or let them follow what is set up.';

/**
 * Who deletes a queue unbinds it first, so that publishers are told and wait. With an alternate exchange they are not
 * told: their tasks go there, and are confirmed. Publishers that have noticed send past the exchange, which no unbinding
 * stops. Either way a task would be lost, so nothing is unbound. An alternate exchange of fairq's own takes nothing away.
 *
 * @throws FairqError (refused)
 */
export async function refuseWhereTasksGoAstray(
  connection: Connection,
  names: Names,
  management?: Management,
): Promise<void> {
  const { taskExchange } = names;
  const isSpread = await isExchangeThere(connection, names.spreadExchange);
  const alternate = isSpread ? await alternateExchange(taskExchange, management) : undefined;
  // What finds no queue gets to one that users share, and is worked on there: nothing asks, which would be put there too.
  const leadsToSpread = isSpread && (alternate?.name ?? names.spreadExchange) === names.spreadExchange;
  if (!leadsToSpread && (await unroutableComesBack(connection, taskExchange)) === false) {
    const why = describeAlternate(alternate ?? (await alternateExchange(taskExchange, management)));
    throw refusedError(
      'ALTERNATE_EXCHANGE',
      `what finds no queue on the exchange "${taskExchange}" does not come back: ${why}. A task that is sent while its queue is deleted would go there`,
      { hint: mendOfAlternate(taskExchange) },
    );
  }
  const senders = await countDirectSenders(connection, names);
  if (senders === 0) return;
  throw refusedError(
    'SENT_PAST_EXCHANGE',
    `${senders} publisher${senders === 1 ? '' : 's'} or worker${senders === 1 ? '' : 's'} send past the exchange "${taskExchange}"${isSpread ? '' : ', which had an alternate exchange until now'}`,
    { hint: isSpread ? GIVES_EACH_A_QUEUE : 'They notice within some seconds. Try again.' },
  );
}

/** Undefined where nobody can tell. */
async function alternateExchange(
  exchange: string,
  management: Management | undefined,
): Promise<AlternateExchange | undefined> {
  try {
    return await management?.alternateExchange(exchange);
  } catch (error) {
    if (error instanceof FairqError) return undefined;
    throw error;
  }
}

export function describeAlternate(found: AlternateExchange | undefined): string {
  if (found === undefined) return 'it has an alternate exchange, which takes it';
  const { policy, name = 'another exchange' } = found;
  const whose = policy === undefined ? 'its own argument' : `the policy "${policy}"`;
  return `${whose} gives it the alternate exchange "${name}"`;
}

export function mendOfAlternate(exchange: string): string {
  return `Let the policy leave "${exchange}" out, by a pattern such as '^(?!${exchange.replaceAll('.', '\\.')}$).*'.`;
}
