import type { Command } from 'commander';
import type { Config } from '../../config.js';
import { userQueueOf } from '../../core/names.js';
import { refusedError, usageError } from '../../errors.js';

/** Which queue a command is about. */
export interface OneQueue {
  readonly user: string | undefined;
  /** By its name, for one that fairq did not make. */
  readonly queue?: string;
}

export function withOneQueue(command: Command): Command {
  return command
    .argument('[user]', 'whose queue')
    .option('--queue <name>', 'the queue of this name instead, such as one that fairq did not make');
}

export function nameOfQueue({ user, queue }: OneQueue, config: Config): string {
  if ((user === undefined) === (queue === undefined)) {
    throw usageError(
      'WHICH_QUEUE',
      user === undefined ? 'which queue?' : 'a user and --queue exclude each other',
      {
        hint: 'Name the user, or the queue with --queue; "fairq queues list" shows both.',
      },
    );
  }
  return queue ?? userQueueOf(config.names, user ?? '');
}

export function noSuchQueue({ user }: OneQueue, name: string): Error {
  const whose = user === undefined ? '' : ` of user ${JSON.stringify(user)}`;
  return refusedError('NO_QUEUE', `there is no queue "${name}"${whose}`, {
    hint:
      user === undefined
        ? '"fairq queues list \'*\'" names those that there are.'
        : '"fairq queues list" names those that there are; a user\'s queue is made with the first task. A queue that is no user\'s is named with --queue.',
  });
}
