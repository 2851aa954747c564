/** What a broker tells of a queue that was just made or deleted, in whatever vhost. */
export interface QueueEvent {
  readonly kind: 'created' | 'deleted';
  readonly vhost: string;
  readonly queue: string;
  /** One of a single connection, or a stream: nobody takes tasks from it. */
  readonly isNoWork: boolean;
}

/** Keys of the events about queues. */
export const QUEUE_CREATED = 'queue.created';
export const QUEUE_DELETED = 'queue.deleted';
/** Before each name where the broker is set to tell its events in the way of AMQP 1.0. */
const AMQP_1_PREFIX = 'x-opt-';

/** Undefined for what is no such event. */
export function decodeQueueEvent(key: string, headers: unknown): QueueEvent | undefined {
  const kind = key === QUEUE_CREATED ? 'created' : key === QUEUE_DELETED ? 'deleted' : undefined;
  if (kind === undefined || typeof headers !== 'object' || headers === null) return undefined;
  const said = headers as Readonly<Record<string, unknown>>;
  const field = (name: string) => said[name] ?? said[AMQP_1_PREFIX + name];
  const [vhost, queue, type] = [field('vhost'), field('name'), field('type')];
  if (typeof vhost !== 'string' || typeof queue !== 'string' || queue === '') return undefined;
  const isStream = typeof type === 'string' && type.includes('stream');
  return { kind, vhost, queue, isNoWork: field('exclusive') === true || isStream };
}
