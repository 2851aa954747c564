import { encodeText, type Names } from '../queues/names.js';
import type { RuleOf } from './policy-document.js';

/** The queues of numbered messages by which a cap and a rate are kept. */
export interface GrantQueues {
  readonly permits: string;
  readonly tokens: string;
}

/** Those of a user or a tenant. In the encoded name of a user there is no slash. */
export function grantQueuesOf(names: Names, of: RuleOf, name: string): GrantQueues {
  const key = (of === 'tenant' ? 'tenant/' : '') + encodeText(name);
  return { permits: names.permitQueuePrefix + key, tokens: names.tokenQueuePrefix + key };
}
