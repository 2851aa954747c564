/**
 * A policy of RabbitMQ's own: settings for queues and exchanges by their names. Of those that match a queue only the one
 * with the highest priority counts.
 */
export interface RabbitPolicy {
  readonly name: string;
  /** A regular expression, which may match anywhere in a name. */
  readonly pattern: string;
  /** `queues`, `exchanges`, `all`, or from 3.12 on the queues of one type. */
  readonly applyTo: string;
  readonly priority: number;
  readonly definition: Readonly<Record<string, unknown>>;
}

/** All that makes a policy what it is, whatever the order of its settings. */
export function isSamePolicy(one: RabbitPolicy, other: RabbitPolicy): boolean {
  return written(one) === written(other);
}

function written({ name, pattern, applyTo, priority, definition }: RabbitPolicy): string {
  const settings = Object.entries(definition).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([name, pattern, applyTo, priority, settings]);
}
