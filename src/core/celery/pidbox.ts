/** Celery's remote control: commands to all workers on one exchange, answers on another. */

/** `control_exchange`, as it is unless an app sets it. */
const NAMESPACE = 'celery';
export const CONTROL_EXCHANGE = `${NAMESPACE}.pidbox`;
export const REPLY_EXCHANGE = `reply.${NAMESPACE}.pidbox`;

export type CeleryMethod = 'add_consumer' | 'cancel_consumer' | 'active_queues';

/** Where a command wants its answers. */
export interface ReplyTo {
  readonly exchange: string;
  readonly routingKey: string;
  readonly ticket: string;
}

export interface CeleryCommand {
  readonly method: string;
  /** The queue that it is about; undefined for a command about something else. */
  readonly queue: string | undefined;
  /** How it is to be bound, where not to the exchange and with the key of its own name. */
  readonly exchange: string | undefined;
  readonly exchangeType: string | undefined;
  readonly routingKey: string | undefined;
  /** Host names of those that it is for; undefined: all. */
  readonly destination: readonly string[] | undefined;
  readonly replyTo: ReplyTo | undefined;
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

/** Undefined for what is no command, or is one for others by a pattern: anybody may publish there. */
export function decodeCommand(content: string): CeleryCommand | undefined {
  const body = parse(content);
  const { method, destination, pattern, ticket } = body ?? {};
  if (typeof method !== 'string' || typeof pattern === 'string') return undefined;
  const { queue, exchange, exchange_type: exchangeType, routing_key: key } = table(body?.arguments);
  const { exchange: replyExchange, routing_key: replyKey } = table(body?.reply_to);
  const wantsReply = isName(replyExchange) && isName(replyKey) && isName(ticket);
  return {
    method,
    queue: isName(queue) ? queue : undefined,
    exchange: isName(exchange) ? exchange : undefined,
    exchangeType: isName(exchangeType) ? exchangeType : undefined,
    routingKey: isName(key) ? key : undefined,
    destination: Array.isArray(destination) ? destination.map(String) : undefined,
    replyTo: wantsReply ? { exchange: replyExchange, routingKey: replyKey, ticket } : undefined,
  };
}

export function encodeReply(
  worker: string,
  said: { readonly ok: string } | { readonly error: string },
): string {
  return JSON.stringify({ [worker]: said });
}

/** Undefined for what no worker would say. */
export function decodeReply(content: string): CeleryReply | undefined {
  const [first] = Object.entries(parse(content) ?? {});
  if (first === undefined) return undefined;
  const [worker, said] = first;
  const { error } = table(said);
  const queues = Array.isArray(said) ? said.map((queue) => table(queue).name).filter(isName) : [];
  return { worker, error: error === undefined ? undefined : String(error), queues };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && new TextEncoder().encode(value).length <= 255;
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
