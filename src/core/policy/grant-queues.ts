import { stableHash } from '../queues/grouping.js';
import { encodeText, type Names } from '../queues/names.js';
import type { RuleOf } from './policy-document.js';

/** AMQP's 255 bytes, less the ".lock" in the name of the lock under which such a queue is filled. */
const MOST_CHARACTERS = 250;

/** The queues of numbered messages by which a cap and a rate are kept. */
export interface GrantQueues {
  readonly permits: string;
  readonly tokens: string;
}

/** Those of a user or a tenant. In the encoded name of a user there is no slash. */
export function grantQueuesOf(names: Names, of: RuleOf, name: string): GrantQueues {
  const key = (of === 'tenant' ? 'tenant/' : '') + encodeText(name);
  return {
    permits: fitting(names.permitQueuePrefix + key, name),
    tokens: fitting(names.tokenQueuePrefix + key, name),
  };
}

/** The name of a user's queue may be as long as AMQP allows, and these begin with more: the rest is a hash. No encoded name has a `~`. */
function fitting(queue: string, name: string): string {
  if (queue.length <= MOST_CHARACTERS) return queue;
  const end = `~${stableHash(name).toString(16)}`;
  return queue.slice(0, MOST_CHARACTERS - end.length) + end;
}
