import { type Command, Option } from 'commander';
import type { QueueType } from '../../broker/queues/topology.js';
import type { Run } from '../shared/context.js';

export interface SetUnitsFlags {
  readonly what: string;
  yes?: boolean;
  dryRun?: boolean;
  queueType: QueueType;
}

export function registerSetUnits(units: Command, run: Run): void {
  units
    .command('set')
    .argument('<what>', 'user, or shared:N, such as shared:64')
    .description('Change it for everybody under this prefix. It shows what it would do, and asks.')
    .option('--yes', 'do not ask')
    .option('--dry-run', 'only show what would be done')
    .addOption(
      new Option('--queue-type <type>', 'of the queues that light users share')
        .choices(['classic', 'quorum'])
        .default('classic'),
    )
    .addHelpText(
      'after',
      `
Examples:
  fairq units set shared:64
  fairq units set shared:128 --dry-run
  fairq units set user --yes`,
    )
    .action((what: string, flags: Omit<SetUnitsFlags, 'what'>) =>
      run(async () => (await import('./set-action.js')).set)({ ...flags, what }),
    );
}
