import { setTimeout as delay } from 'node:timers/promises';
import type { Channel } from 'amqplib';
import { BEGINNING, encodeBeginning } from '../core/event-codec.js';
import { delayQueueOf, type Names } from '../core/names.js';
import { messageOf, refusedError } from '../errors.js';
import { type Connection, replyCode } from './connection.js';

/** Whoever makes a queue has made it soon. */
const LOCKED_RETRY_MS = 50;
/** Retention of the event stream: whichever is reached first. A stream drops whole segments. */
const EVENTS_MAX_AGE = '7D';
const EVENTS_MAX_BYTES = 2_000_000_000;
const EVENTS_SEGMENT_BYTES = 50_000_000;

export const SINGLE_ACTIVE_CONSUMER = 'x-single-active-consumer';

export type QueueType = 'classic' | 'quorum';

/** What user queues are made as. */
export interface QueueKind {
  readonly type: QueueType;
  /** One consumer at a time gets its tasks, so that their order holds whatever number of workers there are. */
  readonly ordered: boolean;
}

export const CLASSIC: QueueKind = { type: 'classic', ordered: false };

/**
 * Makes what all of fairq needs on the broker: the exchanges, the queues of dead letters and of retries, and
 * the event stream. Safe to repeat. What is there already stays as it is, whatever its kind and retention:
 * that is the operator's choice.
 *
 * @param type of the queues: quorum, so that they survive a node of the cluster
 */
export async function assertTopology(connection: Connection, names: Names, type: QueueType): Promise<void> {
  const channel = await connection.channel();
  try {
    await channel.assertExchange(names.taskExchange, 'direct', { durable: true });
    await channel.assertExchange(names.controlExchange, 'fanout', { durable: true });
  } catch (error) {
    throw explainRefusal(error, `what fairq keeps under "${names.prefix}"`);
  }
  await channel.close();
  for (const queue of [names.deadLetterQueue, names.retryQueue]) {
    await assertUnlessThere(connection, queue, queueArguments(type, connection.brokerVersion));
  }
  const isNew = await assertUnlessThere(connection, names.eventStream, {
    'x-queue-type': 'stream',
    'x-max-age': EVENTS_MAX_AGE,
    'x-max-length-bytes': EVENTS_MAX_BYTES,
    'x-stream-max-segment-size-bytes': EVENTS_SEGMENT_BYTES,
  });
  if (isNew) await writeBeginning(connection, names);
}

/**
 * Makes a queue for each delay, in which a task waits for its next attempt. When its time is over the
 * broker moves it to the retry queue, and not to that of its user: what the broker moves and cannot route
 * it drops, and a user's queue may have been pruned meanwhile.
 */
export async function assertDelayQueues(
  connection: Connection,
  names: Names,
  type: QueueType,
  delaysMs: readonly number[],
): Promise<void> {
  for (const delayMs of delaysMs) {
    await assertUnlessThere(connection, delayQueueOf(names, delayMs), {
      ...queueArguments(type, connection.brokerVersion),
      'x-message-ttl': delayMs,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': names.retryQueue,
      // A quorum queue moves a message without a confirm unless it is told otherwise.
      ...(type === 'quorum' && { 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' }),
    });
  }
}

/**
 * Only one process makes a queue at a time: the broker has been seen to be busy for half a minute with
 * several that declared the first stream of a cluster in the same moment.
 *
 * @returns whether it has been made now
 */
async function assertUnlessThere(
  connection: Connection,
  queue: string,
  args: Record<string, unknown>,
): Promise<boolean> {
  for (;;) {
    if (await isThere(connection, queue)) return false;
    const lock = await lockFor(connection, queue);
    if (lock === undefined) {
      await delay(LOCKED_RETRY_MS);
      continue;
    }
    try {
      // Whoever had the lock before may have made it.
      if (await isThere(connection, queue)) return false;
      await lock.channel.assertQueue(queue, { durable: true, arguments: args });
      return true;
    } catch (error) {
      throw explainRefusal(error, `the queue "${queue}"`);
    } finally {
      await lock.release();
    }
  }
}

async function isThere(connection: Connection, queue: string): Promise<boolean> {
  const channel = await connection.channel();
  try {
    await channel.checkQueue(queue);
  } catch (error) {
    // The refusal has closed the channel.
    if (replyCode(error) === 404) return false;
    throw explainRefusal(error, `the queue "${queue}"`);
  }
  await channel.close();
  return true;
}

/** An exclusive queue, which goes with the connection, however that ends; undefined if somebody has it. */
async function lockFor(
  connection: Connection,
  queue: string,
): Promise<{ channel: Channel; release(): Promise<void> } | undefined> {
  const channel = await connection.channel();
  const name = `${queue}.making`;
  try {
    await channel.assertQueue(name, { exclusive: true, durable: false, autoDelete: true });
  } catch (error) {
    if (replyCode(error) === 405) return undefined;
    throw explainRefusal(error, `the queue "${name}"`);
  }
  const release = async () => {
    try {
      await channel.deleteQueue(name);
      await channel.close();
    } catch {
      // The channel went with a refusal: the lock is given back by another.
      const another = await connection.channel();
      await another.deleteQueue(name);
      await another.close();
    }
  };
  return { channel, release };
}

/** Whoever reads the stream can tell that what happened before is not in it. */
async function writeBeginning(connection: Connection, names: Names): Promise<void> {
  const channel = await connection.channel();
  const beginning = Buffer.from(encodeBeginning(Date.now() * 1000));
  channel.sendToQueue(names.eventStream, beginning, { type: BEGINNING, persistent: true });
  await channel.close();
}

export function userQueueArguments(
  { type, ordered }: QueueKind,
  brokerVersion: string,
): Record<string, unknown> {
  return { ...queueArguments(type, brokerVersion), ...(ordered && { [SINGLE_ACTIVE_CONSUMER]: true }) };
}

/**
 * Attempts are counted in our own header: a limit of the broker's would drop tasks that were only given back.
 * From 4.0 there is one unless it is switched off with -1. Before, there is none unless it is set, and -1 is
 * less than any count: a task that went back once was dropped.
 */
function queueArguments(type: QueueType, brokerVersion: string): Record<string, unknown> {
  if (type === 'classic') return {};
  const hasLimit = Number.parseInt(brokerVersion, 10) >= 4;
  return { 'x-queue-type': 'quorum', ...(hasLimit && { 'x-delivery-limit': -1 }) };
}

export function explainRefusal(error: unknown, what: string): Error {
  switch (replyCode(error)) {
    case 403:
      return refusedError('NO_PERMISSION', `the broker does not let this user use ${what}`, {
        hint: 'Give the user configure, write and read permission on names that start with the prefix.',
        cause: error,
      });
    case 406:
      return refusedError('OTHER_ARGUMENTS', `${what} exists already and is of another kind`, {
        hint: 'It was made by another program or with other settings: choose another --prefix, or remove it.',
        cause: error,
      });
    case undefined:
      return error instanceof Error ? error : new Error(messageOf(error));
    default:
      return refusedError('BROKER_REFUSED', `the broker refused ${what}: ${messageOf(error)}`, {
        cause: error,
      });
  }
}
