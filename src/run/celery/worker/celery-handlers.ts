import type { CeleryCall } from '../../../core/celery/decode-task.js';
import {
  builtInHandlers,
  type Handler,
  type Handlers,
  type Payload,
} from '../../worker/handlers/handlers.js';
import { CeleryPayload } from './celery-payload.js';

/** A task is called by its full name, or by what follows the last dot: `tasks.double` is `double`. */
export function findByCeleryName<T>(type: string, lookUp: (name: string) => T | undefined): T | undefined {
  return lookUp(type) ?? lookUp(type.slice(type.lastIndexOf('.') + 1));
}

/** Built-in tasks that take a time; Python gives times in seconds. */
const TIMED = ['sleep', 'cpu'];

/**
 * The built-in tasks under the names of any module, such as `tasks.sleep`. Their payload is the first argument,
 * or without one the keyword arguments; a number for `sleep` and `cpu` is seconds.
 */
export const celeryBuiltIns: Handlers = {
  find: (type) => findByCeleryName(type, (name) => BUILT_IN.get(name)),
  names: builtInHandlers.names,
};

const BUILT_IN: ReadonlyMap<string, Handler> = new Map(
  builtInHandlers.names.map((name) => [name, withCall(name, builtInHandlers.find(name))]),
);

function withCall(name: string, handler: Handler | undefined): Handler {
  return (payload, context) => {
    if (!(payload instanceof CeleryPayload) || handler === undefined) return undefined;
    const { value } = payload;
    return name === 'echo' ? value.args[0] : handler(payloadOf(name, value), context);
  };
}

function payloadOf(name: string, { args, kwargs }: CeleryCall): Payload {
  const [first = kwargs] = args;
  if (typeof first === 'string') return { bytes: Buffer.from(first), contentType: 'text/plain' };
  const isSeconds = typeof first === 'number' && TIMED.includes(name);
  const value = isSeconds ? { durationMs: first * 1000 } : first;
  return { bytes: Buffer.from(JSON.stringify(value)), contentType: 'application/json' };
}
