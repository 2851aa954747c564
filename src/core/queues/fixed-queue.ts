import { usageError } from '../errors/errors.js';
import { hasLineBreak, type Names, ownQueue, tooLong } from './names.js';

/**
 * A queue that somebody names, and that belongs to no user: what the name of a task says before its first
 * colon, `publish --queue` and `worker --also`.
 *
 * @param where what to name in an error: the flag, or what else has named it
 * @returns the same name; throws where it cannot be such a queue's
 */
export function fixedQueue(names: Names, queue: string, where: string): string {
  const bad = (reason: string, hint: string) => usageError('BAD_QUEUE', `${where}: ${reason}`, { hint });
  if (queue === '' || !queue.isWellFormed()) {
    throw bad(`${JSON.stringify(queue)} cannot be the name of a queue`, 'Use any text that is not empty.');
  }
  if (hasLineBreak(queue)) {
    throw bad(
      `${JSON.stringify(queue)} has a line break, which RabbitMQ takes out of the names of queues`,
      'Use a name of one line.',
    );
  }
  const excess = tooLong(queue);
  if (excess !== undefined) {
    throw bad(
      `"${queue.slice(0, 24)}…" is a name of ${excess} bytes`,
      'AMQP allows 255: use a shorter name.',
    );
  }
  if (queue.startsWith('amq.')) {
    throw bad(`"${queue}" is a name that RabbitMQ keeps for itself`, 'Use one that does not begin with amq.');
  }
  const own = ownQueue(names, queue);
  if (own?.kind === 'group') {
    throw bad(
      `"${queue}" is the queue of the group ${JSON.stringify(own.name)}`,
      'Send to it with --group-by; a worker serves it without being told.',
    );
  }
  if (own !== undefined) {
    throw bad(
      `"${queue}" is the queue of user ${JSON.stringify(own.name)}`,
      `Send to it with --user ${JSON.stringify(own.name)}; a worker serves it without being told.`,
    );
  }
  if (queue === names.prefix || queue.startsWith(`${names.prefix}.`)) {
    throw bad(
      `"${queue}" is a name that fairq keeps for itself`,
      `Use one that does not begin with "${names.prefix}.", or another --prefix.`,
    );
  }
  return queue;
}

/** Where the name of a task sends it, and who runs it there. */
export interface TaskRoute {
  readonly queue: string;
  /** What its handler may be called; its full name goes first. */
  readonly handler: string;
}

/** `reports:render` goes to the queue `reports`, to be run by `render`; undefined for a name that has no two parts. */
export function taskRoute(task: string): TaskRoute | undefined {
  const colon = task.indexOf(':');
  if (colon < 1 || colon === task.length - 1) return undefined;
  return { queue: task.slice(0, colon), handler: task.slice(colon + 1) };
}

/** Finds what runs a task: by its full name, else by what follows its queue. */
export function findByTask<T>(task: string, find: (name: string) => T | undefined): T | undefined {
  const found = find(task);
  if (found !== undefined) return found;
  const route = taskRoute(task);
  return route && find(route.handler);
}
