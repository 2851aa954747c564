import type { ListedQueue, QueueDetails, QueueRates } from '../../core/reports/queue-report.js';

/** What the management API says of queues, and how it is read: anything may be missing. */

/** With what came and went since the broker began to count, and does now. */
export interface CountedListedQueue extends ListedQueue, QueueRates {
  readonly published: number;
  readonly delivered: number;
  readonly acknowledged: number;
}

/** What a queue is, without its figures. */
export interface BriefQueue {
  readonly name: string;
  readonly type: string;
  /** It belongs to one connection, and goes with it. */
  readonly exclusive: boolean;
}

export function briefQueue(item: unknown): BriefQueue {
  return {
    name: String(field(item, 'name')),
    type: queueTypeOf(item),
    exclusive: field(item, 'exclusive') === true,
  };
}

/** Not every version says the type by itself. */
export function queueTypeOf(item: unknown): string {
  return String(field(item, 'type') ?? field(field(item, 'arguments'), 'x-queue-type') ?? 'classic');
}

export function listedQueue(item: unknown): ListedQueue {
  return {
    name: String(field(item, 'name')),
    type: queueTypeOf(item),
    ready: Number(field(item, 'messages_ready') ?? 0),
    unacknowledged: Number(field(item, 'messages_unacknowledged') ?? 0),
    consumers: Number(field(item, 'consumers') ?? 0),
    memoryBytes: Number(field(item, 'memory') ?? 0),
    down: isDown(item),
  };
}

export function countedQueue(item: unknown): CountedListedQueue {
  const stats = field(item, 'message_stats');
  return {
    ...listedQueue(item),
    ...ratesIn(item),
    published: Number(field(stats, 'publish') ?? 0),
    delivered: Number(field(stats, 'deliver_get') ?? 0),
    acknowledged: Number(field(stats, 'ack') ?? 0),
  };
}

/**
 * Whether nobody knows what is in a queue. Of a classic queue the node is away. A quorum queue without a leader, or with
 * most of its members away, says that it has nothing, and a deletion throws away what it has (3.10 to 4.3).
 */
export function isDown(item: unknown): boolean {
  if (field(item, 'state') === 'down') return true;
  if (queueTypeOf(item) !== 'quorum') return false;
  const members = arrayOf(field(item, 'members'));
  const online = arrayOf(field(item, 'online'));
  return typeof field(item, 'leader') !== 'string' || online.length <= members.length / 2;
}

export function queueDetails(item: unknown): QueueDetails {
  const headAt = field(item, 'head_message_timestamp');
  const policy = field(item, 'policy');
  return {
    ...listedQueue(item),
    ...ratesIn(item),
    state: String(field(item, 'state') ?? 'unknown'),
    node: String(field(item, 'leader') ?? field(item, 'node') ?? 'unknown'),
    policy: typeof policy === 'string' && policy !== '' ? policy : undefined,
    arguments: recordOf(field(item, 'arguments')),
    messageBytes: Number(field(item, 'message_bytes') ?? 0),
    oldestSentAt: typeof headAt === 'number' ? headAt * 1_000 : undefined,
    consumerDetails: arrayOf(field(item, 'consumer_details')).map((consumer) => ({
      connection: String(field(field(consumer, 'channel_details'), 'connection_name') ?? ''),
      peer: String(field(field(consumer, 'channel_details'), 'peer_host') ?? 'unknown'),
      user: String(field(field(consumer, 'channel_details'), 'user') ?? 'unknown'),
      prefetch: Number(field(consumer, 'prefetch_count') ?? 0),
      active: field(consumer, 'active') !== false,
    })),
  };
}

function ratesIn(item: unknown): QueueRates {
  const stats = field(item, 'message_stats');
  return {
    publishedPerSecond: Number(field(field(stats, 'publish_details'), 'rate') ?? 0),
    deliveredPerSecond: Number(field(field(stats, 'deliver_get_details'), 'rate') ?? 0),
  };
}

export function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

export function arrayOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
