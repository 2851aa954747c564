import { setTimeout as delay } from 'node:timers/promises';
import { refusedError } from '../../core/errors/errors.js';
import { type Names, spreadMarkerOf } from '../../core/queues/names.js';
import { spreadQueues } from '../../core/queues/units.js';
import { ChannelPool } from '../connection/channel-pool.js';
import { type Connection, replyCode } from '../connection/connection.js';
import { explainRefusal } from '../connection/refusal.js';
import { announce } from '../control/control.js';
import { ensureExchanges, isExchangeThere } from '../queues/exchanges.js';
import { takeLock } from '../queues/lock.js';
import { absent, isThereNow } from '../queues/queue-presence.js';
import { type QueueType, userQueueArguments } from '../queues/topology.js';
import { HASH_EXCHANGE, knowsHashExchange } from './hash-exchange.js';

/** The weight of each spread queue among the others. */
export const SPREAD_KEY = '1';
const CHANNELS = 8;
/** Whoever sets them up has done so soon. */
const LOCKED_RETRY_MS = 50;

export interface AskedSpread {
  /** How many queues the light users share. */
  readonly count: number;
  readonly type: QueueType;
  /** Opens another connection: the broker ends the one on which it is asked for a type that it does not know. */
  readonly connect: () => Promise<Connection>;
}

/**
 * How tasks get to spread queues: what finds no queue is sent there by the broker, or, where it has no consistent-hash
 * exchange, it comes back and is sent by the name of the queue.
 */
export type SpreadWay = 'exchange' | 'by name';

/**
 * Sets up the queues that light users share, where nothing is in the way; safe to repeat. What sends to them is made
 * last, so that no task finds them missing.
 *
 * @throws FairqError (refused) where another number of them is in force, or the exchange for tasks is there without them
 */
export async function setUpSpread(
  connection: Connection,
  names: Names,
  asked: AskedSpread,
): Promise<SpreadWay> {
  for (;;) {
    const lock = await takeLock(connection, names.unitsLock);
    if (lock !== undefined) {
      try {
        return await setUp(connection, names, asked);
      } finally {
        await lock.release();
      }
    }
    await delay(LOCKED_RETRY_MS);
  }
}

async function setUp(connection: Connection, names: Names, asked: AskedSpread): Promise<SpreadWay> {
  const isThere = await isExchangeThere(connection, names.spreadExchange);
  if (isThere && !(await isExchangeThere(connection, spreadMarkerOf(names, asked.count)))) {
    throw otherCount(names, asked.count);
  }
  const hasTasks = await isExchangeThere(connection, names.taskExchange);
  if (!isThere && !(await knowsHashExchange(asked.connect, names))) {
    await makeSpreadQueues(connection, names, asked, { bind: false });
    await ensureTaskExchange(connection, names);
    return 'by name';
  }
  if (!isThere && hasTasks && !(await ensureTaskExchange(connection, names))) throw noAlternate(names, asked);
  // Where it is there its plugin may be off by now: who declares it then loses the connection.
  if (!isThere) await makeSpreadExchange(connection, names);
  await makeSpreadQueues(connection, names, asked, { bind: true });
  await ensureExchanges(connection, { [spreadMarkerOf(names, asked.count)]: 'fanout' });
  await ensureTaskExchange(connection, names);
  return 'exchange';
}

/**
 * Makes the exchange for tasks, with the alternate one that sends to spread queues.
 *
 * @returns false where it is there without
 */
export async function ensureTaskExchange(connection: Connection, names: Names): Promise<boolean> {
  const { taskExchange, spreadExchange } = names;
  const others = await ensureExchanges(connection, {
    [taskExchange]: { type: 'direct', alternate: spreadExchange },
  });
  return others.length === 0;
}

/** To be called where the broker knows its type: otherwise it ends the connection. */
export async function makeSpreadExchange(connection: Connection, { spreadExchange }: Names): Promise<void> {
  const channel = await connection.channel();
  try {
    await channel.assertExchange(spreadExchange, HASH_EXCHANGE, { durable: true });
  } catch (error) {
    throw explainRefusal(error, `the exchange "${spreadExchange}"`);
  }
  await channel.close();
}

/** Makes those that are not there, and tells workers of them. What is there stays as it is, whatever its type. */
export async function makeSpreadQueues(
  connection: Connection,
  names: Names,
  { count, type }: Pick<AskedSpread, 'count' | 'type'>,
  { bind }: { readonly bind: boolean },
): Promise<void> {
  await ensureExchanges(connection, { [names.controlExchange]: 'fanout' });
  const all = spreadQueues(names, count);
  const missing = new Set(await absent(connection, all));
  const pool = new ChannelPool(connection, CHANNELS);
  const options = {
    durable: true,
    arguments: userQueueArguments({ type, ordered: false }, connection.brokerVersion),
  };
  await Promise.all(
    all.map((queue) =>
      pool.with(async (channel) => {
        try {
          if (missing.has(queue)) await channel.assertQueue(queue, options);
          if (bind) await channel.bindQueue(queue, names.spreadExchange, SPREAD_KEY);
          if (missing.has(queue)) announce(channel, names, { kind: 'queue', queue });
        } catch (error) {
          if (await isThereNow(connection, queue, error)) return;
          throw explainRefusal(error, `the queue "${queue}"`);
        }
      }),
    ),
  );
}

function otherCount({ spreadExchange }: Names, count: number): Error {
  return refusedError(
    'OTHER_UNITS',
    `light users share another number of queues than ${count}: the exchange "${spreadExchange}" is there, and is not set up for so many`,
    {
      hint: `See "fairq units show". To change it for all: fairq units set shared:${count}. Without --units, what is set up is followed.`,
    },
  );
}

function noAlternate({ taskExchange, spreadExchange }: Names, { count }: AskedSpread): Error {
  return refusedError(
    'NO_ALTERNATE',
    `the exchange "${taskExchange}" is there already, and does not send on to "${spreadExchange}" what finds no queue`,
    { hint: `One command gives it that, by a policy of RabbitMQ's: fairq units set shared:${count}.` },
  );
}

/** What was bound gets nothing more; what is in it stays. */
export async function unbindSpread(connection: Connection, names: Names, count: number): Promise<void> {
  const pool = new ChannelPool(connection, CHANNELS);
  await Promise.all(
    spreadQueues(names, count).map((queue) =>
      pool.with(async (channel) => {
        try {
          await channel.unbindQueue(queue, names.spreadExchange, SPREAD_KEY);
        } catch (error) {
          if (replyCode(error) !== 404) throw explainRefusal(error, `the queue "${queue}"`);
        }
      }),
    ),
  );
}

/** One that is not there may be removed, too. */
export async function removeExchange(connection: Connection, exchange: string): Promise<void> {
  const channel = await connection.channel();
  try {
    await channel.deleteExchange(exchange);
  } catch (error) {
    throw explainRefusal(error, `the exchange "${exchange}"`);
  }
  await channel.close();
}
