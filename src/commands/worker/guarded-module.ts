import { type FairqError, messageOf, usageError } from '../../core/errors/errors.js';
import { HandlerGuard } from '../../run/worker/handlers/handler-guard.js';
import { loadHandlerModule, type TaskNaming } from '../../run/worker/handlers/handler-module.js';
import type { Handlers } from '../../run/worker/handlers/handlers.js';
import type { Context } from '../shared/context.js';

/**
 * A module may do anything to the process that it shares with us. What its handlers do outside of their
 * promises, or that they would end the process, fails their task and nothing else. An exception that
 * belongs to no task ends the worker: what it has not acknowledged is delivered again.
 */
export async function guardedModule(
  file: string | undefined,
  context: Context,
  naming?: TaskNaming,
): Promise<{ handlers: Handlers | undefined; strayed: Promise<never> }> {
  let guard: HandlerGuard | undefined;
  const strayed = new Promise<never>((_, reject) => {
    if (file === undefined) return;
    context.io.onUncaught((error) => {
      const blamed = guard?.blame(error);
      if (blamed === undefined) reject(strayError(file, error));
      else if (blamed.ended) {
        const { id, user } = blamed;
        context.warn(
          `task ${id} of user ${JSON.stringify(user)} had ended, and then its handler threw: ${JSON.stringify(messageOf(error).slice(0, 200))}`,
        );
      }
    });
  });
  strayed.catch(() => {}); // before anybody waits for it
  if (file === undefined) return { handlers: undefined, strayed };
  guard = new HandlerGuard();
  context.io.refuseExit(
    (code) => new Error(`the handler tried to end the process: process.exit(${String(code ?? '')})`),
  );
  return { handlers: guard.guard(await loadHandlerModule(file, naming, context.warn)), strayed };
}

function strayError(file: string, error: unknown): FairqError {
  return usageError(
    'HANDLER_STRAYED',
    `an exception outside of every task, after ${file} was loaded: ${messageOf(error)}`,
    {
      hint: 'Look for a timer or a promise that the module starts by itself and does not catch. What was not acknowledged is delivered again.',
      cause: error,
    },
  );
}
