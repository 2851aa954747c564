import { arrayOf, field, queueTypeOf, recordOf } from './queue-figures.js';

/** What the management API says of nodes, consumers and how queues were made; anything may be missing. */

export interface NodeFigures {
  readonly name: string;
  readonly running: boolean;
  readonly memoryAlarm: boolean;
  readonly diskAlarm: boolean;
  readonly memoryUsed: number;
  readonly memoryLimit: number;
  readonly filesUsed: number;
  readonly filesTotal: number;
  readonly processesUsed: number;
  readonly processesTotal: number;
  /** Nodes that it cannot reach. */
  readonly partitions: readonly string[];
}

export function nodeFigures(item: unknown): NodeFigures {
  const number = (name: string) => Number(field(item, name) ?? 0);
  return {
    name: String(field(item, 'name')),
    running: field(item, 'running') !== false,
    memoryAlarm: field(item, 'mem_alarm') === true,
    diskAlarm: field(item, 'disk_free_alarm') === true,
    memoryUsed: number('mem_used'),
    memoryLimit: number('mem_limit'),
    filesUsed: number('fd_used'),
    filesTotal: number('fd_total'),
    processesUsed: number('proc_used'),
    processesTotal: number('proc_total'),
    partitions: arrayOf(field(item, 'partitions')).map(String),
  };
}

export interface ConsumerFigures {
  readonly queue: string;
  /** Unacknowledged tasks at the most; 0 for no limit. */
  readonly prefetch: number;
  /** Of its connection, as the broker names it. */
  readonly connection: string;
}

export function consumerFigures(item: unknown): ConsumerFigures {
  return {
    queue: String(field(field(item, 'queue'), 'name')),
    prefetch: Number(field(item, 'prefetch_count') ?? 0),
    connection: String(field(field(item, 'channel_details'), 'connection_name') ?? 'unknown'),
  };
}

export interface QueueDefinition {
  readonly name: string;
  readonly type: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Of both policies together, as they are in force. */
  readonly policy: Readonly<Record<string, unknown>>;
  /** Their names. */
  readonly policyName?: string | undefined;
  readonly operatorPolicy?: string | undefined;
}

export function queueDefinition(item: unknown): QueueDefinition {
  return {
    name: String(field(item, 'name')),
    type: queueTypeOf(item),
    arguments: recordOf(field(item, 'arguments')),
    policy: recordOf(field(item, 'effective_policy_definition')),
    policyName: named(field(item, 'policy')),
    operatorPolicy: named(field(item, 'operator_policy')),
  };
}

function named(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
