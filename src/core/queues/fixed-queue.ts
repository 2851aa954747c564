import { hasLineBreak, type Names, type OwnQueue, ownQueue, tooLong } from './names.js';

/** Why nobody may name a queue so: what to do instead, or whose name it is. */
export type NameTaken =
  | { readonly instead: string }
  | { readonly owner: Pick<OwnQueue, 'kind' | 'name'> }
  /** It is one of fairq's own names under this prefix. */
  | { readonly prefix: string };

/** There can be no fixed queue of this name. */
export class BadQueueName extends Error {
  override readonly name = 'BadQueueName';

  constructor(
    message: string,
    readonly why: NameTaken,
  ) {
    super(message);
  }
}

/**
 * Checks the name of a queue that belongs to no user, such as what the name of a task says before its first colon.
 *
 * @throws BadQueueName
 */
export function checkFixedQueue(names: Names, queue: string): void {
  const bad = (message: string, instead: string) => new BadQueueName(message, { instead });
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
    throw new BadQueueName(`"${queue}" is the queue of the group ${JSON.stringify(own.name)}`, {
      owner: own,
    });
  }
  if (own !== undefined) {
    throw new BadQueueName(`"${queue}" is the queue of user ${JSON.stringify(own.name)}`, { owner: own });
  }
  if (queue === names.prefix || queue.startsWith(`${names.prefix}.`)) {
    const { prefix } = names;
    throw new BadQueueName(`"${queue}" is a name that fairq keeps for itself`, { prefix });
  }
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
