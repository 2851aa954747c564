import { BEGINNING, encodeBeginning } from '../core/event-codec.js';
import { delayQueueOf, type Names } from '../core/names.js';
import { messageOf, refusedError } from '../errors.js';
import { type Connection, replyCode } from './connection.js';

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

/** Makes what all of fairq needs on the broker: the exchanges, the dead letter queue and the event stream. Safe to repeat. */
export async function assertTopology(connection: Connection, names: Names): Promise<void> {
  const channel = await connection.channel();
  try {
    await channel.assertExchange(names.taskExchange, 'direct', { durable: true });
    await channel.assertExchange(names.controlExchange, 'fanout', { durable: true });
    await channel.assertQueue(names.deadLetterQueue, { durable: true });
    await channel.assertQueue(names.retryQueue, { durable: true });
  } catch (error) {
    throw explainRefusal(error, `what fairq keeps under "${names.prefix}"`);
  }
  await channel.close();
  await assertEventStream(connection, names);
}

/**
 * Makes the stream where it is not there, and writes into it when that was: whoever reads it can tell that
 * what happened before is not in it. One that is there with another retention is the operator's choice.
 */
async function assertEventStream(connection: Connection, names: Names): Promise<void> {
  const channel = await connection.channel();
  try {
    await channel.checkQueue(names.eventStream);
    await channel.close();
    return;
  } catch (error) {
    if (replyCode(error) !== 404) throw explainRefusal(error, `the event stream "${names.eventStream}"`);
  }
  const maker = await connection.channel();
  try {
    await maker.assertQueue(names.eventStream, {
      durable: true,
      arguments: {
        'x-queue-type': 'stream',
        'x-max-age': EVENTS_MAX_AGE,
        'x-max-length-bytes': EVENTS_MAX_BYTES,
        'x-stream-max-segment-size-bytes': EVENTS_SEGMENT_BYTES,
      },
    });
  } catch (error) {
    throw explainRefusal(error, `the event stream "${names.eventStream}"`);
  }
  const beginning = Buffer.from(encodeBeginning(Date.now() * 1000));
  maker.sendToQueue(names.eventStream, beginning, { type: BEGINNING, persistent: true });
  await maker.close();
}

/**
 * Makes a queue for each delay, in which a task waits for its next attempt. When its time is over the
 * broker moves it to the retry queue, and not to that of its user: what the broker moves and cannot route
 * it drops, and a user's queue may have been pruned meanwhile.
 */
export async function assertDelayQueues(
  connection: Connection,
  names: Names,
  delaysMs: readonly number[],
): Promise<void> {
  if (delaysMs.length === 0) return;
  const channel = await connection.channel();
  try {
    for (const delayMs of delaysMs) {
      await channel.assertQueue(delayQueueOf(names, delayMs), {
        durable: true,
        messageTtl: delayMs,
        deadLetterExchange: '',
        deadLetterRoutingKey: names.retryQueue,
      });
    }
  } catch (error) {
    throw explainRefusal(error, `the queues of "${names.retryQueue}" in which tasks wait`);
  }
  await channel.close();
}

export function userQueueArguments({ type, ordered }: QueueKind): Record<string, unknown> {
  return {
    // Attempts are counted in our own header: the broker's limit would drop tasks that a worker gave back.
    ...(type === 'quorum' && { 'x-queue-type': 'quorum', 'x-delivery-limit': -1 }),
    ...(ordered && { [SINGLE_ACTIVE_CONSUMER]: true }),
  };
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
