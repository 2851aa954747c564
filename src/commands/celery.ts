import { type CeleryMessages, celeryMessages } from '../core/celery/encode-task.js';
import { usageError } from '../errors.js';
import type { Io } from '../io.js';

/** Flags of a Celery task. */
export interface CeleryCallFlags {
  celery?: string;
  args?: string;
  kwargs?: string;
}

/** The messages that `--celery TASK --args JSON --kwargs JSON` describe. */
export function celeryMessagesFrom(
  task: string,
  { args = '[]', kwargs = '{}' }: CeleryCallFlags,
  io: Io,
): CeleryMessages {
  const list = parsed(args, '--args');
  if (!Array.isArray(list)) throw wrong('--args', args, 'an array', '[1, "two"]');
  const table = parsed(kwargs, '--kwargs');
  if (typeof table !== 'object' || table === null || Array.isArray(table)) {
    throw wrong('--kwargs', kwargs, 'an object', '{"page": 3}');
  }
  return celeryMessages(task, { args: list, kwargs: { ...table } }, `${io.pid}@${io.hostname}`);
}

function parsed(text: string, flag: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw usageError('BAD_CELERY_CALL', `${flag} ${JSON.stringify(text.slice(0, 60))} is not JSON`, {
      hint: `Quote it for the shell, as in ${flag} '${flag === '--args' ? '[1, "two"]' : '{"page": 3}'}'.`,
      cause: error,
    });
  }
}

function wrong(flag: string, text: string, what: string, example: string) {
  return usageError('BAD_CELERY_CALL', `${flag} ${JSON.stringify(text.slice(0, 60))} is not ${what}`, {
    hint: `Give ${what} in JSON, as in ${flag} '${example}'.`,
  });
}
