import { isShortName } from '../values/short-name.js';
import type { Addressees } from './node-name.js';

/** Celery's remote control: commands to all workers on one exchange, answers on another. */

/** `control_exchange`, as it is unless an app sets it. */
const NAMESPACE = 'celery';
export const CONTROL_EXCHANGE = `${NAMESPACE}.pidbox`;
export const REPLY_EXCHANGE = `reply.${NAMESPACE}.pidbox`;

/** Who says so in a message: fairq itself. Its workers leave alone what it says to Celery's workers. */
export const FAIRQ_APP_ID = 'fairq';

export type CeleryMethod = 'add_consumer' | 'cancel_consumer' | 'active_queues';

/** Where a command wants its answers. */
export interface ReplyTo {
  readonly exchange: string;
  readonly routingKey: string;
  readonly ticket: string;
}

export interface CeleryCommand extends Addressees {
  readonly method: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly replyTo: ReplyTo | undefined;
}

/** A queue that is to be consumed. */
export interface QueueToConsume {
  readonly queue: string;
  /** How it is to be bound, where not to the exchange and with the key of its own name. */
  readonly binding: {
    readonly exchange?: string;
    readonly exchangeType?: string;
    readonly routingKey?: string;
  };
}

/** What a worker has said to a command. */
export interface CeleryReply {
  readonly worker: string;
  /** Undefined where it did what it was told to. */
  readonly error: string | undefined;
  /** Names of the queues that it consumes, where that was asked. */
  readonly queues: readonly string[];
}

/** What is to be said, and to whom. */
export interface CeleryOrder {
  readonly method: CeleryMethod;
  readonly queue?: string;
  /** Host names; all workers if not given. */
  readonly destination?: readonly string[] | undefined;
}

export function encodeCommand(
  { method, queue, destination }: CeleryOrder,
  { exchange, routingKey, ticket }: ReplyTo,
): string {
  const names = method === 'add_consumer' && { exchange: queue, exchange_type: 'direct', routing_key: queue };
  return JSON.stringify({
    method,
    arguments: { queue, ...names },
    destination: destination ?? null,
    pattern: null,
    matcher: null,
    ticket,
    reply_to: { exchange, routing_key: routingKey },
  });
}

/** Undefined for what is no command: anybody may publish there. */
export function decodeCommand(content: string): CeleryCommand | undefined {
  const body = parse(content);
  const { method, destination, pattern, matcher, ticket } = body ?? {};
  if (typeof method !== 'string') return undefined;
  const { exchange: replyExchange, routing_key: replyKey } = table(body?.reply_to);
  const wantsReply = isShortName(replyExchange) && isShortName(replyKey) && isShortName(ticket);
  return {
    method,
    arguments: table(body?.arguments),
    destination: Array.isArray(destination) && destination.length > 0 ? destination.map(String) : undefined,
    pattern: textOf(pattern),
    matcher: textOf(matcher),
    replyTo: wantsReply ? { exchange: replyExchange, routingKey: replyKey, ticket } : undefined,
  };
}

/** What `add_consumer` is about; undefined where it names no queue. */
export function queueToConsume(named: CeleryCommand['arguments']): QueueToConsume | undefined {
  const { queue, exchange, exchange_type: exchangeType, routing_key: routingKey } = named;
  if (!isShortName(queue)) return undefined;
  return {
    queue,
    binding: {
      ...(isShortName(exchange) && { exchange }),
      ...(isShortName(exchangeType) && { exchangeType }),
      ...(isShortName(routingKey) && { routingKey }),
    },
  };
}

/** @param said what Celery's workers would: a table with `ok` or `error`, or what was asked for */
export function encodeReply(worker: string, said: unknown): string {
  return JSON.stringify({ [worker]: said ?? null });
}

/** Undefined for what no worker would say. */
export function decodeReply(content: string): CeleryReply | undefined {
  const [first] = Object.entries(parse(content) ?? {});
  if (first === undefined) return undefined;
  const [worker, said] = first;
  const { error } = table(said);
  const queues = Array.isArray(said) ? said.map((queue) => table(queue).name).filter(isShortName) : [];
  return { worker, error: error === undefined ? undefined : String(error), queues };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function table(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function parse(content: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return table(JSON.parse(content));
  } catch {
    return undefined;
  }
}
