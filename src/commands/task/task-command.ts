import type { Command } from 'commander';
import type { Run } from '../shared/context.js';

export interface TaskFlags {
  id: string;
  follow?: boolean;
}

export function registerTask(program: Command, run: Run): void {
  program
    .command('task')
    .description('Where one task stands: queued, started, retrying, done with its result, failed, expired.')
    .argument('<id>', 'of the task, as "publish --wait", reports and warnings name it')
    .option('--follow', 'say each change, until it has ended')
    .addHelpText(
      'after',
      `
Examples:
  fairq task 01932a7c-8a3e-7c00-9f3a-2f6d1c0b7e55
  fairq task 01932a7c-8a3e-7c00-9f3a-2f6d1c0b7e55 --follow --json`,
    )
    .action((id: string, flags: { follow?: boolean }) =>
      run(async () => (await import('./task-action.js')).task)({ ...flags, id }),
    );
}
