import type { Command } from 'commander';
import type { Run } from '../shared/context.js';
import { type OneQueue, withOneQueue } from './one-queue.js';

export interface PurgeFlags extends OneQueue {
  dryRun?: boolean;
  yes?: boolean;
}

export function registerPurge(queues: Command, run: Run): void {
  withOneQueue(queues.command('purge').description("Throw away the tasks that wait in one user's queue."))
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      `
Examples:
  fairq queues purge A --dry-run
  fairq queues purge A --yes`,
    )
    .action((user: string | undefined, flags: Omit<PurgeFlags, 'user'>) =>
      run(async () => (await import('./purge-action.js')).purge)({ ...flags, user }),
    );
}
