import { FairqError, messageOf, refusedError } from '../../core/errors/errors.js';
import { type Connection, replyCode } from '../connection/connection.js';
import { explainRefusal } from '../connection/refusal.js';
import type { QueueDefinition } from '../management/broker-figures.js';
import { CLASSIC_QUEUE } from '../queues/queue-arguments.js';
import { countsReturns, deliveryLimitOf } from './delivery-limit.js';

/** What the management API says of a queue; undefined where it is not there. */
export type AskDefinition = (queue: string) => Promise<QueueDefinition | undefined>;

/**
 * Whoever looks at messages takes them out and gives them back. A quorum queue that counts this, and has a limit, drops
 * them after some looks; nothing comes back to a stream.
 *
 * @throws FairqError (refused) where looking would use up the messages
 */
export async function refuseWherePeeksAreCounted(
  connection: Connection,
  queue: string,
  definition: AskDefinition,
): Promise<void> {
  const said = await refusalOf(connection, queue, CLASSIC_QUEUE);
  if (said === undefined) return;
  if (said.includes("current is 'stream'")) {
    throw refusedError('NOT_A_QUEUE', `"${queue}" is a stream, from which nothing can be taken`, {
      hint: `Save what is in it, and delete it: rabbitmqctl delete_queue -p VHOST ${queue}. fairq makes a queue of this name.`,
    });
  }
  const { brokerVersion } = connection;
  if (!countsReturns(brokerVersion)) return;
  const found = await answerOf(definition(queue));
  const limit =
    found === undefined
      ? await limitByArgument(connection, queue)
      : deliveryLimitOf(found, connection.brokerVersion);
  if (limit === undefined) return;
  throw refusedError(
    'LOOKS_ARE_COUNTED',
    `"${queue}" is a quorum queue with a delivery limit${limit === 'unknown' ? '' : ` of ${limit}`}: RabbitMQ ${brokerVersion} counts each look, and then drops the messages`,
    {
      hint: brokerVersion.startsWith('3.')
        ? 'Take the limit out of its policy, or out of the arguments that it is made with.'
        : `Take the limit away: rabbitmqctl set_policy -p VHOST --apply-to queues --priority 100 no-limit '^${queue.replaceAll('.', '\\.')}$' '{"delivery-limit":-1}'.`,
    },
  );
}

/** Undefined where the management API cannot be asked: it is not needed for the usual queue. */
async function answerOf<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof FairqError) return undefined;
    throw error;
  }
}

async function limitByArgument(connection: Connection, queue: string): Promise<'unknown' | undefined> {
  const isLimitless = connection.brokerVersion.startsWith('3.') ? {} : { 'x-delivery-limit': -1 };
  const said = await refusalOf(connection, queue, { 'x-queue-type': 'quorum', ...isLimitless });
  return said === undefined ? undefined : 'unknown';
}

/**
 * What the broker says to one who declares the queue, which is there, in this way: undefined where it is just so, and
 * where this user may not declare it.
 */
async function refusalOf(
  connection: Connection,
  queue: string,
  args: Record<string, unknown>,
): Promise<string | undefined> {
  const channel = await connection.channel();
  try {
    await channel.assertQueue(queue, { durable: true, arguments: args });
  } catch (error) {
    if (replyCode(error) === 403) return undefined;
    if (replyCode(error) !== 406) throw explainRefusal(error, `the queue "${queue}"`);
    return messageOf(error);
  }
  await channel.close();
  return undefined;
}
