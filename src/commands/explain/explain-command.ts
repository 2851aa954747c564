import type { Command } from 'commander';
import type { Run } from '../shared/context.js';

export interface ExplainFlags {
  name: string | undefined;
  tenant?: string;
  task?: string;
  group?: string;
  queue?: string;
}

export function registerExplain(program: Command, run: Run): void {
  program
    .command('explain')
    .description('Why a user waits: the reason with its number, and when its tasks may be expected to run.')
    .argument('[name]', "a user; or a task's id, unless there is a user of that name")
    .option('--tenant <name>', 'a tenant instead')
    .option('--task <id>', 'a task instead, whatever its id looks like')
    .option('--group <name>', 'the queue of a group instead, such as hash:64:17')
    .option('--queue <name>', 'the queue of this name instead, such as one that fairq did not make')
    .addHelpText(
      'after',
      `
Examples:
  fairq explain A
  fairq explain 01932a7c-8a3e-7c00-9f3a-2f6d1c0b7e55 --json
  fairq explain --tenant acme`,
    )
    .action((name: string | undefined, flags: Omit<ExplainFlags, 'name'>) =>
      run(async () => (await import('./explain-action.js')).explain)({ ...flags, name }),
    );
}
