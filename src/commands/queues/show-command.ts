import type { Command } from 'commander';
import type { Run } from '../shared/context.js';
import { type OneQueue, withOneQueue } from './one-queue.js';

export function registerShow(queues: Command, run: Run): void {
  withOneQueue(
    queues
      .command('show')
      .description("Everything about one user's queue: its rate, its share, its oldest task."),
  )
    .addHelpText(
      'after',
      `
Examples:
  fairq queues show A
  fairq queues show --queue usersequence_7`,
    )
    .action((user: string | undefined, flags: Omit<OneQueue, 'user'>) =>
      run(async () => (await import('./show-action.js')).show)({ ...flags, user }),
    );
}
