import type { Command } from 'commander';
import type { Run } from '../shared/context.js';
import { type OneQueue, withOneQueue } from './one-queue.js';

export interface DeleteFlags extends OneQueue {
  withTasks?: boolean;
  save?: string;
  dryRun?: boolean;
  yes?: boolean;
}

export function registerDelete(queues: Command, run: Run): void {
  withOneQueue(
    queues.command('delete').description("Delete one user's queue, and lose no task unless told to."),
  )
    .option('--with-tasks', 'throw away the tasks in it')
    .option('--save <file>', 'write the tasks into this file first; "publish --from" takes them back')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      `
Examples:
  fairq queues delete A
  fairq queues delete A --save a.ndjson --yes
  fairq publish --from a.ndjson`,
    )
    .action((user: string | undefined, flags: Omit<DeleteFlags, 'user'>) =>
      run(async () => (await import('./delete-action.js')).remove)({ ...flags, user }),
    );
}
