import type { Command } from 'commander';
import type { Config } from '../../config/config.js';
import { usageError } from '../../core/errors/errors.js';
import { groupQueueOf, userQueueOf } from '../../core/queues/names.js';

/** Which queue a command is about. */
export interface OneQueue {
  readonly user: string | undefined;
  readonly group?: string;
  /** By its name, for one that fairq did not make. */
  readonly queue?: string;
}

export function withOneQueue(command: Command): Command {
  return command
    .argument('[user]', 'whose queue')
    .option('--group <name>', "the group's instead, such as hash:64:17 or map:gold")
    .option('--queue <name>', 'the queue of this name instead, such as one that fairq did not make');
}

export function nameOfQueue({ user, group, queue }: OneQueue, config: Config): string {
  const given = [user, group, queue].filter((one) => one !== undefined).length;
  if (given !== 1) {
    throw usageError(
      'WHICH_QUEUE',
      given === 0 ? 'which queue?' : 'a user, --group and --queue exclude each other',
      {
        hint: 'Name the user, the group with --group, or the queue with --queue; "fairq queues list" shows all.',
      },
    );
  }
  if (group !== undefined) return groupQueueOf(config.names, group);
  return queue ?? userQueueOf(config.names, user ?? '');
}
