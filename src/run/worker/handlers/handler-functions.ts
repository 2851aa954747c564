import { type Handler, jsonOf, type Payload, type TaskContext } from './handlers.js';

/** A function that runs a task: a JSON payload comes parsed, none as undefined, any other as its bytes. */
export type HandlerFunction = (payload: unknown, context: TaskContext) => unknown;

/** The functions among what an application names, by their names. */
export function handlersByName(named: Readonly<Record<string, unknown>>): ReadonlyMap<string, Handler> {
  const handlers = new Map<string, Handler>();
  for (const [name, value] of Object.entries(named)) {
    if (isFunction(value)) handlers.set(name, (payload, context) => value(parsed(payload), context));
  }
  return handlers;
}

function parsed(payload: Payload): unknown {
  if (!payload.contentType.startsWith('application/json')) return payload.bytes;
  return payload.bytes.length === 0 ? undefined : jsonOf(payload);
}

function isFunction(value: unknown): value is HandlerFunction {
  return typeof value === 'function';
}
