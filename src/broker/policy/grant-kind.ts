import { isGrantNumber } from '../../core/policy/limit-bounds.js';
import type { Arguments, QueueOptions } from '../connection/channel.js';
import type { Delivery } from '../connection/delivery.js';
import { CLASSIC_QUEUE } from '../queues/queue-arguments.js';

/** Longer than any task runs: a permit may not be taken for lost while its task runs. Milliseconds. */
const CONSUMER_TIMEOUT_MS = 86_400_000;

/**
 * Whether the broker keeps back for a while what a lost connection held. From 4.3 a quorum queue does: what is given
 * back is there at once, what was lost with a connection only after the time that the queue names.
 */
export function keepsBackWhatIsLost(brokerVersion: string): boolean {
  const [major = 0, minor = 0] = brokerVersion.split('.').map(Number);
  return major > 4 || (major === 4 && minor >= 3);
}

/**
 * What a queue of numbered grants is made as. Below 4.3 it is classic: a quorum queue costs twice as much, and 3.10 drops
 * what comes back once where its limit is -1. From 4.3 on a limit other than -1 drops a grant after so many losses.
 *
 * @param lostForMs how long the broker keeps back what a lost connection held, where it can
 */
export function grantQueueOptions(brokerVersion: string, lostForMs: number): QueueOptions {
  return { durable: true, arguments: grantArguments(brokerVersion, lostForMs) };
}

function grantArguments(brokerVersion: string, lostForMs: number): Arguments {
  if (!keepsBackWhatIsLost(brokerVersion)) return CLASSIC_QUEUE;
  return {
    'x-queue-type': 'quorum',
    'x-delivery-limit': -1,
    'x-consumer-timeout': CONSUMER_TIMEOUT_MS,
    'x-delayed-retry-type': 'failed',
    'x-delayed-retry-min': lostForMs,
  };
}

/** Undefined for a message that is no grant. */
export function grantNumberOf({ properties }: Delivery): number | undefined {
  const number = Number(properties.messageId);
  return isGrantNumber(number) ? number : undefined;
}
