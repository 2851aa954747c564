import { within } from '../../broker/connection/within.js';
import type { Management } from '../../broker/management/management.js';
import { FairqError } from '../../core/errors/errors.js';

const ANSWER_WITHIN_MS = 5_000;
/** More than so many are looked up in one listing of all queues. */
const MOST_ASKED_FOR = 20;

/** Which of the queues are streams; null where the broker does not say so to this user, or in five seconds. */
export async function streamsAmong(
  management: Management,
  queues: readonly string[],
): Promise<readonly string[] | null> {
  if (queues.length === 0) return [];
  try {
    return (await within(ANSWER_WITHIN_MS, typed(management, queues))) ?? null;
  } catch (error) {
    if (error instanceof FairqError) return null; // the tasks are sent, whatever can be said of their queue
    throw error;
  }
}

async function typed(management: Management, queues: readonly string[]): Promise<string[]> {
  if (queues.length > MOST_ASKED_FOR) {
    const sentTo = new Set(queues);
    const there = await management.queuesInBrief();
    return there.flatMap(({ name, type }) => (type === 'stream' && sentTo.has(name) ? [name] : []));
  }
  const found = await Promise.all(queues.map((queue) => management.queueDefinition(queue)));
  return queues.filter((_, i) => found[i]?.type === 'stream');
}
