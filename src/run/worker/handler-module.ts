import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findByTask } from '../../core/fixed-queue.js';
import { messageOf, usageError } from '../../errors.js';
import {
  builtInHandlers,
  type Handler,
  type Handlers,
  jsonOf,
  type Payload,
  type TaskContext,
} from './handlers.js';

/** A function of a user's module: a JSON payload comes parsed, none as undefined, any other as its bytes. */
type ModuleHandler = (payload: unknown, context: TaskContext) => unknown;

/** What tasks are called. */
export interface TaskNaming {
  /** Looks for what runs a task under each name that it may have, the most exact first. */
  find<T>(type: string, lookUp: (name: string) => T | undefined): T | undefined;
  readonly builtIns: Handlers;
}

const OWN_NAMING: TaskNaming = { find: findByTask, builtIns: builtInHandlers };

/**
 * Loads `--handler FILE`: exported functions by task name, and `default` for every name that has
 * none. Built-in tasks stay available under their names.
 */
export async function loadHandlerModule(file: string, naming: TaskNaming = OWN_NAMING): Promise<Handlers> {
  const path = resolve(file);
  let loaded: Record<string, unknown>;
  try {
    loaded = { ...((await import(pathToFileURL(path).href)) as Record<string, unknown>) };
  } catch (error) {
    throw usageError('HANDLER_NOT_LOADED', `the handler file ${path} does not load: ${messageOf(error)}`, {
      hint: 'It has to be an ES module, or CommonJS, that Node can import and that exports functions by task name.',
      cause: error,
    });
  }
  const own = new Map<string, Handler>();
  for (const [name, value] of [...Object.entries(loaded), ...Object.entries(asObject(loaded.default))]) {
    if (isFunction(value)) own.set(name, (payload, context) => value(parsed(payload), context));
  }
  if (own.size === 0) {
    throw usageError('HANDLER_EMPTY', `the handler file ${path} exports no function`, {
      hint: 'Export an async function for each task name, such as: export async function render(payload, context) { … }',
    });
  }
  const { find, builtIns } = naming;
  return {
    find: (type) => find(type, (name) => own.get(name)) ?? builtIns.find(type) ?? own.get('default'),
    names: [...own.keys()],
  };
}

function parsed(payload: Payload): unknown {
  if (!payload.contentType.startsWith('application/json')) return payload.bytes;
  return payload.bytes.length === 0 ? undefined : jsonOf(payload);
}

/** A CommonJS module comes with all that it exports under `default`. */
function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function isFunction(value: unknown): value is ModuleHandler {
  return typeof value === 'function';
}
