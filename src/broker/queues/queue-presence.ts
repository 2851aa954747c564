import { setTimeout as delay } from 'node:timers/promises';
import { ifAllowed, messageOf, refusedError } from '../../core/errors/errors.js';
import type { Channel } from '../connection/channel.js';
import { type Connection, replyCode } from '../connection/connection.js';
import { explainRefusal } from '../connection/refusal.js';
import { isLocked, makingLock } from './lock.js';

/** A node that starts opens its port before it has brought up all of its streams: so often it is waited for, and so long each time. */
export const MOST_CHECKS = 120;
export const CHECK_AGAIN_MS = 500;
/** How often is looked whether a stream is made by now. Whoever takes longer than the second time is frozen. */
const LOOK_AGAIN_MS = 50;
const MADE_WITHIN_MS = 30_000;

/**
 * What the broker says with a 404 of a queue that is there, and cannot be reached: its node is down or is just
 * starting. Nobody can make such a queue, and nobody has to. (`rabbit_amqqueue:absent`, RabbitMQ 3.10 to 4.3)
 */
const CANNOT_BE_REACHED =
  /is down or inaccessible|is stopped by supervisor|has crashed and failed to restart|due to timeout/;

/** Whether that is what a 404 says. */
export function isUnreachable(notFound: unknown): boolean {
  return CANNOT_BE_REACHED.test(messageOf(notFound));
}

type Presence = 'there' | 'empty' | 'unreachable' | 'absent';

/** Those of the queues that are not there; one that cannot be reached is there. */
export async function absent(connection: Connection, queues: readonly string[]): Promise<string[]> {
  return absentAmong(await presences(connection, queues));
}

/**
 * The same, when all of the others can be reached: who goes on before would send to where nobody is. Nobody makes one of
 * the streams any more by then: up to 4.0 the broker ends the whole connection of who reads or writes a stream that it is
 * about to make (541, 506).
 *
 * @param isStream which of them are streams
 * @throws FairqError (refused) where a queue cannot be reached for more than a minute
 */
export async function absentOnceReachable(
  connection: Connection,
  queues: readonly string[],
  isStream: (queue: string) => boolean,
): Promise<string[]> {
  const madeUntil = performance.now() + MADE_WITHIN_MS;
  for (let checks = 1; ; ) {
    const found = await presences(connection, queues);
    const [unreachable] = found.find(([, is]) => is === 'unreachable') ?? [];
    if (unreachable !== undefined) {
      if (checks++ > MOST_CHECKS) throw queueDown(unreachable);
      await delay(CHECK_AGAIN_MS);
      continue;
    }
    const empty = found.flatMap(([queue, is]) => (is === 'empty' && isStream(queue) ? [queue] : []));
    if (performance.now() > madeUntil || !(await isBeingMade(connection, empty))) return absentAmong(found);
    await delay(LOOK_AGAIN_MS);
  }
}

/**
 * Resolves when a stream can be read, as `absentOnceReachable` says. Where there is none, rejects with the broker's 404,
 * which closes the channel.
 */
export async function streamIsReady(connection: Connection, channel: Channel, stream: string): Promise<void> {
  // One that is made between the two is looked at again.
  while ((await absentOnceReachable(connection, [stream], () => true)).length > 0)
    await channel.checkQueue(stream);
}

/** The broker lists a stream before it has made it, and its maker keeps the lock until the broker has. */
async function isBeingMade(connection: Connection, streams: readonly string[]): Promise<boolean> {
  for (const stream of streams) {
    // Who may not look at the lock goes on without.
    if (await ifAllowed(isLocked(connection, makingLock(stream)))) return true;
  }
  return false;
}

function queueDown(queue: string) {
  return refusedError('QUEUE_DOWN', `the queue "${queue}" is there, and its node is down`, {
    hint: 'Start that node of the cluster again; queues of --queue-type quorum go on without it.',
  });
}

/**
 * Whether a declaration was refused since somebody has made the queue in the meantime, as another kind. The broker says
 * 406 for much else, a limit for one.
 */
export async function isThereNow(connection: Connection, queue: string, refusal: unknown): Promise<boolean> {
  return replyCode(refusal) === 406 && (await absent(connection, [queue])).length === 0;
}

function absentAmong(found: readonly (readonly [queue: string, is: Presence])[]): string[] {
  return found.filter(([, is]) => is === 'absent').map(([queue]) => queue);
}

/** Whether a queue is there, reachable or not. The channel closes where it is not, or cannot be reached or looked at. */
export async function isThere(channel: Channel, queue: string): Promise<boolean> {
  return (await lookAt(channel, queue)).is !== 'absent';
}

async function lookAt(
  channel: Channel,
  queue: string,
): Promise<{ readonly is: Presence; readonly isOpen: boolean }> {
  try {
    const { messageCount } = await channel.checkQueue(queue);
    return { is: messageCount === 0 ? 'empty' : 'there', isOpen: true };
  } catch (error) {
    // From 4.0 on a user without any right to it may not even look: what it does next names the right.
    if (replyCode(error) === 403) return { is: 'there', isOpen: false };
    if (replyCode(error) !== 404) throw explainRefusal(error, `the queue "${queue}"`);
    return { is: isUnreachable(error) ? 'unreachable' : 'absent', isOpen: false };
  }
}

/** One channel does for all, until a queue is missing and it closes. */
async function presences(
  connection: Connection,
  queues: readonly string[],
): Promise<[queue: string, is: Presence][]> {
  const found: [string, Presence][] = [];
  let channel: Channel | undefined;
  for (const queue of queues) {
    channel ??= await connection.channel();
    const { is, isOpen } = await lookAt(channel, queue);
    found.push([queue, is]);
    if (!isOpen) channel = undefined;
  }
  await channel?.close();
  return found;
}
