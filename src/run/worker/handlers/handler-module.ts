import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf, usageError } from '../../../core/errors/errors.js';
import { findByTask } from '../../../core/queues/fixed-queue.js';
import { handlersByName } from './handler-functions.js';
import { builtInHandlers, type Handlers } from './handlers.js';
import { placeOf } from './load-failure.js';

/** What tasks are called. */
export interface TaskNaming {
  /** Looks for what runs a task under each name that it may have, the most exact first. */
  find<T>(type: string, lookUp: (name: string) => T | undefined): T | undefined;
  readonly builtIns: Handlers;
}

/** A module that waits for so long while it is loaded is spoken of, and then each minute. */
const SLOW_MS = 5_000;
const AGAIN_MS = 60_000;

const OWN_NAMING: TaskNaming = { find: findByTask, builtIns: builtInHandlers };

/**
 * Loads `--handler FILE`: exported functions by task name, and `default` for every name that has
 * none. Built-in tasks stay available under their names.
 *
 * @param onSlow called with a sentence while the module goes on loading
 */
export async function loadHandlerModule(
  file: string,
  naming: TaskNaming = OWN_NAMING,
  onSlow: (text: string) => void = () => {},
): Promise<Handlers> {
  const path = resolve(file);
  let loaded: Record<string, unknown>;
  try {
    loaded = { ...(await loadedInTime(path, onSlow)) };
  } catch (error) {
    const place = await placeOf(error, path);
    const where = place === undefined ? '' : ` (${place})`;
    throw usageError(
      'HANDLER_NOT_LOADED',
      `the handler file ${path} does not load: ${messageOf(error)}${where}`,
      {
        hint: 'It has to be an ES module, or CommonJS, that Node can import and that exports functions by task name.',
        cause: error,
      },
    );
  }
  const own = handlersByName({ ...loaded, ...asObject(loaded.default) });
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

/** Nothing else may keep the process alive meanwhile: without the timer Node would end, and not say why. */
async function loadedInTime(path: string, onSlow: (text: string) => void): Promise<Record<string, unknown>> {
  const since = performance.now();
  const say = () => {
    const seconds = Math.round((performance.now() - since) / 1_000);
    onSlow(
      `the handler file ${path} has been loading for ${seconds} s: an "await" outside of its functions waits for something that does not come. No task runs before that`,
    );
    timer = setTimeout(say, AGAIN_MS);
  };
  let timer = setTimeout(say, SLOW_MS);
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } finally {
    clearTimeout(timer);
  }
}

/** A CommonJS module comes with all that it exports under `default`. */
function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
