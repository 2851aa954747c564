import { isRecord } from './shapes.js';

/** Where a node that runs can be reached. */
export interface RunningNode {
  /** `amqp://guest:guest@127.0.0.1:PORT/`: the default vhost, and a user that only loopback may use. */
  readonly uri: string;
  /** `http://127.0.0.1:PORT`, with the same user. */
  readonly managementUri: string;
  /** RabbitMQ's, such as `3.10.8`. */
  readonly version: string;
  /** The process number of the Erlang virtual machine. */
  readonly pid: number;
}

/** With it light users can share queues. */
export const USUAL_PLUGINS: readonly string[] = ['rabbitmq_consistent_hash_exchange'];

/** Where and how a private node runs. */
export interface NodeOptions {
  /** AMQP; a free one by default. */
  readonly port?: number;
  readonly managementPort?: number;
  /** Where the folder of a throw-away node is made; the system's folder for temporary files by default. */
  readonly dataParent?: string;
  /** Lines for `rabbitmq.conf`, after fairq's own. */
  readonly extraConfig?: readonly string[];
  /** Plugins of RabbitMQ to enable beside those of the management API; `USUAL_PLUGINS` if not given. */
  readonly plugins?: readonly string[];
}

export function isRunningNode(value: unknown): value is RunningNode {
  return (
    isRecord(value) &&
    typeof value.uri === 'string' &&
    typeof value.managementUri === 'string' &&
    typeof value.version === 'string' &&
    typeof value.pid === 'number'
  );
}
