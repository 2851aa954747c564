import { setTimeout as delay } from 'node:timers/promises';
import { BEGINNING, encodeBeginning } from '../../core/events/event-codec.js';
import { MOST_RESULT_TTL_MS } from '../../core/events/task-result.js';
import { delayOfQueue, delayQueueOf, type Names } from '../../core/queues/names.js';
import type { Connection } from '../connection/connection.js';
import { explainRefusal } from '../connection/refusal.js';
import { ensureExchanges, isExchangeThere } from './exchanges.js';
import { makingLock, takeLock } from './lock.js';
import { CLASSIC_QUEUE } from './queue-arguments.js';
import { absent, absentOnceReachable, isThereNow } from './queue-presence.js';

/** Whoever makes a queue has made it soon. */
const LOCKED_RETRY_MS = 50;
/** Retention of the streams: whichever is reached first. A stream drops whole segments. */
const EVENTS_MAX_AGE = '7D';
const EVENTS_MAX_BYTES = 2_000_000_000;
const EVENTS_SEGMENT_BYTES = 50_000_000;
const RESULTS_MAX_BYTES = 500_000_000;
const RESULTS_SEGMENT_BYTES = 10_000_000;
/** Small: a worker reads all of it when it meets its first task that was delivered before. */
const STARTS_MAX_BYTES = 20_000_000;
const STARTS_SEGMENT_BYTES = 2_000_000;

/** A request with a key is remembered for a day at most, and a stream drops whole segments. */
const KEYS_MAX_AGE = '2D';
const KEYS_MAX_BYTES = 2_000_000_000;
const KEYS_SEGMENT_BYTES = 10_000_000;

/** Each change is a whole document. The last segment is never dropped, so small segments let the others go. */
const POLICY_MAX_BYTES = 50_000_000;
const POLICY_SEGMENT_BYTES = 1_000_000;

export const SINGLE_ACTIVE_CONSUMER = 'x-single-active-consumer';
/** Brokers make nothing of it. It tells a queue that may be taken away again from one that was its user's own before. */
export const PROMOTED = 'x-fairq-promoted';

export type QueueType = 'classic' | 'quorum';

/** What user queues are made as. */
export interface QueueKind {
  readonly type: QueueType;
  /** One consumer at a time gets its tasks, so that their order holds whatever number of workers there are. */
  readonly ordered: boolean;
  /** A worker makes it for a light user that has become heavy, and takes it away again when it is. */
  readonly promoted?: boolean;
}

type QueueArguments = Record<string, unknown>;

export const CLASSIC: QueueKind = { type: 'classic', ordered: false };

/**
 * Makes what all of fairq needs on the broker: the exchanges, the queue of dead letters, and the streams of
 * events and results. Safe to repeat. What is there already stays as it is, whatever its kind and retention:
 * that is the operator's choice.
 *
 * @param type of the queue: quorum, so that it survives a node of the cluster
 */
export async function assertTopology(connection: Connection, names: Names, type: QueueType): Promise<void> {
  // Where users share queues, the exchange sends there what finds none. It may have to be made again.
  const shares = await isExchangeThere(connection, names.spreadExchange);
  await ensureExchanges(connection, {
    [names.taskExchange]: shares ? { type: 'direct', alternate: names.spreadExchange } : 'direct',
    [names.controlExchange]: 'fanout',
  });
  const made = await assertUnlessThere(connection, {
    [names.deadLetterQueue]: queueArguments(type, connection.brokerVersion),
    [names.eventStream]: streamArguments(EVENTS_MAX_AGE, EVENTS_MAX_BYTES, EVENTS_SEGMENT_BYTES),
    [names.resultStream]: streamArguments(
      `${MOST_RESULT_TTL_MS / 3_600_000}h`,
      RESULTS_MAX_BYTES,
      RESULTS_SEGMENT_BYTES,
    ),
  });
  if (made.includes(names.eventStream)) await writeBeginning(connection, names);
}

/** Makes the stream of what workers note of their lives and starts. Safe to repeat. */
export async function assertStartStream(connection: Connection, names: Names): Promise<void> {
  await assertUnlessThere(connection, {
    [names.startStream]: streamArguments(EVENTS_MAX_AGE, STARTS_MAX_BYTES, STARTS_SEGMENT_BYTES),
  });
}

/**
 * Makes the stream of the policy, unless it is there. Nothing in it grows too old: the newest document counts however
 * long ago it was written. To be called under the lock of the policy.
 *
 * @returns whether it was made now
 */
export async function assertPolicyStream(connection: Connection, names: Names): Promise<boolean> {
  const made = await assertUnlessThere(connection, {
    [names.policyStream]: {
      'x-queue-type': 'stream',
      'x-max-length-bytes': POLICY_MAX_BYTES,
      'x-stream-max-segment-size-bytes': POLICY_SEGMENT_BYTES,
    },
  });
  return made.length > 0;
}

/** Makes the stream of what servers write of requests with a key. Safe to repeat. */
export async function assertKeyStream(connection: Connection, names: Names): Promise<void> {
  await assertUnlessThere(connection, {
    [names.keyStream]: streamArguments(KEYS_MAX_AGE, KEYS_MAX_BYTES, KEYS_SEGMENT_BYTES),
  });
}

/**
 * Makes a queue for each delay, in which a task waits for its next attempt. Workers watch over the wait, and
 * not a TTL of the broker's with dead-lettering: what the broker moves and cannot route it drops, and a user's
 * queue may have been pruned; and RabbitMQ 3.10 stops moving for three minutes when a node of a cluster goes.
 */
export async function assertDelayQueues(
  connection: Connection,
  names: Names,
  type: QueueType,
  delaysMs: readonly number[],
): Promise<void> {
  const queues = delaysMs.map((delayMs): [string, QueueArguments] => [
    delayQueueOf(names, delayMs),
    queueArguments(type, connection.brokerVersion),
  ]);
  await assertUnlessThere(connection, Object.fromEntries(queues));
}

/** @returns names of the queues that have been made now */
async function assertUnlessThere(
  connection: Connection,
  queues: Readonly<Record<string, QueueArguments>>,
): Promise<string[]> {
  const made: string[] = [];
  const isStream = (queue: string) => queues[queue]?.['x-queue-type'] === 'stream';
  for (const queue of await absentOnceReachable(connection, Object.keys(queues), isStream)) {
    if (await makeAlone(connection, queue, queues[queue]!)) made.push(queue);
  }
  return made;
}

/**
 * Only one process makes a queue at a time: the broker has been seen to be busy for half a minute with
 * several that declared the first stream of a cluster in the same moment.
 *
 * @returns whether it was this one
 */
async function makeAlone(connection: Connection, queue: string, args: QueueArguments): Promise<boolean> {
  for (;;) {
    const lock = await takeLock(connection, makingLock(queue));
    try {
      // Whoever had the lock before may have made it.
      if ((await absent(connection, [queue])).length === 0) return false;
      if (lock !== undefined) {
        await lock.channel.assertQueue(queue, { durable: true, arguments: args });
        return true;
      }
    } catch (error) {
      // Somebody has made it who takes no lock, and it stays as it is.
      if (await isThereNow(connection, queue, error)) return false;
      throw explainRefusal(error, `the queue "${queue}"`);
    } finally {
      await lock?.release();
    }
    await delay(LOCKED_RETRY_MS);
  }
}

function streamArguments(maxAge: string, maxBytes: number, segmentBytes: number): QueueArguments {
  return {
    'x-queue-type': 'stream',
    'x-max-age': maxAge,
    'x-max-length-bytes': maxBytes,
    'x-stream-max-segment-size-bytes': segmentBytes,
  };
}

/** Whoever reads the stream can tell that what happened before is not in it. */
async function writeBeginning(connection: Connection, names: Names): Promise<void> {
  const channel = await connection.channel();
  const beginning = Buffer.from(encodeBeginning(Date.now() * 1000));
  channel.sendToQueue(names.eventStream, beginning, { type: BEGINNING, persistent: true });
  await channel.close();
}

export function userQueueArguments(
  { type, ordered, promoted }: QueueKind,
  brokerVersion: string,
): Record<string, unknown> {
  return {
    ...queueArguments(type, brokerVersion),
    ...(ordered && { [SINGLE_ACTIVE_CONSUMER]: true }),
    ...(promoted === true && { [PROMOTED]: true }),
  };
}

/** The highest that a task may have with strategy `priority`; from there on each level costs the broker. */
export const HIGHEST_PRIORITY = 10;

/** What a queue is made as that belongs to no user. Quorum queues have no levels to choose, so the one has none of it. */
export function fixedQueueArguments(
  names: Names,
  queue: string,
  kind: QueueKind,
  brokerVersion: string,
): Record<string, unknown> {
  if (queue === names.priorityQueue) return { ...CLASSIC_QUEUE, 'x-max-priority': HIGHEST_PRIORITY };
  // Every worker watches over what waits there, also where one alone gets a user's tasks.
  if (delayOfQueue(names, queue) !== undefined) return queueArguments(kind.type, brokerVersion);
  return userQueueArguments(kind, brokerVersion);
}

/**
 * Attempts are counted in our own header: a limit of the broker's would drop tasks that were only given back.
 * From 4.0 there is one unless it is switched off with -1. Before, there is none unless it is set, and -1 is
 * less than any count: a task that went back once was dropped.
 */
function queueArguments(type: QueueType, brokerVersion: string): QueueArguments {
  if (type === 'classic') return { ...CLASSIC_QUEUE };
  const hasLimit = Number.parseInt(brokerVersion, 10) >= 4;
  return { 'x-queue-type': 'quorum', ...(hasLimit && { 'x-delivery-limit': -1 }) };
}
