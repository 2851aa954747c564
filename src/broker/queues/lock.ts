import type { Channel } from '../connection/channel.js';
import { type Connection, replyCode } from '../connection/connection.js';
import { explainRefusal } from '../connection/refusal.js';
import { EXCLUSIVE_QUEUE } from './queue-arguments.js';

/** Held until it is released, or its connection is gone. */
export interface Lock<C extends Channel = Channel> {
  /** For what is to be done meanwhile; a refusal closes it, and leaves the lock where it is. */
  readonly channel: C;
  /** @param on a channel that nothing else is done on, and that is closed with it; the lock's own where it is open */
  release(on?: Channel): Promise<void>;
}

/** The lock of whoever makes this queue: only one process makes a queue at a time. */
export function makingLock(queue: string): string {
  return `${queue}.making`;
}

/** Whether somebody has it. */
export async function isLocked(connection: Connection, name: string): Promise<boolean> {
  const channel = await connection.channel();
  try {
    await channel.checkQueue(name);
  } catch (error) {
    if (replyCode(error) === 404) return false;
    if (replyCode(error) === 405) return true;
    throw explainRefusal(error, `the queue "${name}"`);
  }
  await channel.close();
  return true;
}

/** Locks that a connection has: the broker lets the one that has an exclusive queue declare it again. */
const held = new WeakMap<Connection, Set<string>>();

/**
 * A lock among all processes on the vhost: an exclusive queue of this name. Undefined if somebody has it, be it on this
 * connection.
 *
 * @param openOne opens the channel of the lock
 */
export async function takeLock<C extends Channel = Channel>(
  connection: Connection,
  name: string,
  openOne: () => Promise<C>,
): Promise<Lock<C> | undefined>;
export async function takeLock(connection: Connection, name: string): Promise<Lock | undefined>;
export async function takeLock(
  connection: Connection,
  name: string,
  openOne: () => Promise<Channel> = () => connection.channel(),
): Promise<Lock | undefined> {
  const own = held.get(connection) ?? new Set();
  held.set(connection, own);
  if (own.has(name)) return undefined;
  own.add(name);
  let isOver = false;
  const onOver = () => {
    if (!isOver) own.delete(name);
    isOver = true;
  };
  try {
    const lock = await declare(connection, name, openOne, onOver);
    if (lock === undefined) onOver();
    return lock;
  } catch (error) {
    onOver();
    throw error;
  }
}

/** @param onOver the connection does not have the lock any more */
async function declare(
  connection: Connection,
  name: string,
  openOne: () => Promise<Channel>,
  onOver: () => void,
): Promise<Lock | undefined> {
  const channel = await openOne();
  let refused = false;
  let open = true;
  channel.once('error', () => {
    refused = true;
  });
  channel.once('close', () => {
    open = false;
    // A refusal closes a channel alone. With its connection the lock goes, too.
    if (!refused) onOver();
  });
  try {
    await channel.assertQueue(name, EXCLUSIVE_QUEUE);
  } catch (error) {
    if (replyCode(error) === 405) return undefined;
    throw explainRefusal(error, `the queue "${name}"`);
  }
  return {
    channel,
    release: async (on) => {
      try {
        // A channel that went with its connection has taken the lock along.
        if (!open && !refused) return;
        const last = open ? channel : (on ?? (await connection.channel()));
        await last.deleteQueue(name);
        await last.close();
      } finally {
        onOver();
      }
    },
  };
}
