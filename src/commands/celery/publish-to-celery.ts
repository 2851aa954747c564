import { celeryMessages } from '../../core/celery/encode-task.js';
import { usageError } from '../../core/errors/errors.js';
import type { Names } from '../../core/queues/names.js';
import { CeleryDestination } from '../../run/celery/celery-destination.js';
import type { Destination } from '../../run/publish/destination.js';
import { checkedQueuePrefix, queueUnder } from '../flags/queue-prefix.js';
import type { Context } from '../shared/context.js';

/** AMQP's, for the type of a message. */
const MOST_NAME_BYTES = 255;

/** Flags of a Celery task. */
export interface CeleryFlags {
  celery?: string;
  args?: string;
  kwargs?: string;
  queuePrefix?: string;
}

/** Flags of other tasks, which mean nothing for one of Celery's. */
interface OtherFlags {
  readonly task?: string;
  readonly payload?: string;
  readonly size?: number;
  readonly duration?: object;
  readonly from?: string;
  readonly ordered?: boolean;
  readonly queue?: string;
  readonly groupBy?: object;
  readonly strategy: string;
  readonly queueType: string;
}

/** Refuses what says something of a Celery task where none is named. */
export function refuseCeleryFlags(flags: CeleryFlags): void {
  const lonely = (['args', 'kwargs', 'queuePrefix'] as const).find((name) => flags[name] !== undefined);
  if (lonely === undefined) return;
  throw usageError('WITHOUT_CELERY', `--${kebab(lonely)} goes with --celery alone`, {
    hint: 'Name the Celery task: --celery tasks.double.',
  });
}

/**
 * Where `publish --celery TASK --args JSON --kwargs JSON --queue-prefix TEXT` sends.
 *
 * @param task as `--celery` says
 * @param replyQueue where results are waited for; undefined: nowhere
 */
export function celeryDestination(
  task: string,
  flags: CeleryFlags & OtherFlags,
  names: Names,
  replyQueue: string | undefined,
  { io, warn }: Context,
): Destination {
  const { args = '[]', kwargs = '{}', queuePrefix } = flags;
  if (task === '' || !task.isWellFormed() || Buffer.byteLength(task) > MOST_NAME_BYTES) {
    throw usageError('BAD_CELERY_TASK', `--celery: the name of a task has 1 to ${MOST_NAME_BYTES} bytes`, {
      hint: 'Name it as Celery does, with its module: --celery tasks.double.',
    });
  }
  if (queuePrefix === undefined) {
    throw usageError('CELERY_WHERE', "--celery: in which queues do the users' tasks wait?", {
      hint: 'Say what their names begin with, such as --queue-prefix usersequence_.',
    });
  }
  const clash = clashOf(flags);
  if (clash !== undefined) {
    throw usageError('CELERY_WITH', `--celery does not go with --${kebab(clash)}`, {
      hint: 'Give the task with --celery, --args and --kwargs; its queue is made as Celery makes it.',
    });
  }
  const list = parsed(args, '--args');
  if (!Array.isArray(list)) throw wrong('--args', args, 'an array', '[1, "two"]');
  const table = parsed(kwargs, '--kwargs');
  if (typeof table !== 'object' || table === null || Array.isArray(table)) {
    throw wrong('--kwargs', kwargs, 'an object', '{"page": 3}');
  }
  const call = { args: list, kwargs: { ...table }, argsJson: args, kwargsJson: kwargs };
  const messages = celeryMessages(task, call, `${io.pid}@${io.hostname}`, replyQueue);
  const prefix = checkedQueuePrefix(queuePrefix, names);
  const queueOf = (user: string) => queueUnder(prefix, user);
  return new CeleryDestination(task, messages, queueOf, replyQueue, warn);
}

function clashOf(flags: OtherFlags): string | undefined {
  const others = ['task', 'payload', 'size', 'duration', 'from', 'ordered', 'queue', 'groupBy'] as const;
  const clash = others.find((name) => flags[name] !== undefined);
  if (clash !== undefined) return clash;
  if (flags.strategy !== 'fair') return 'strategy';
  return flags.queueType === 'classic' ? undefined : 'queueType';
}

/** A flag as it is written on the command line. */
function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
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
