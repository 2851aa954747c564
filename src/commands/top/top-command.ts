import { type Command, Option } from 'commander';
import { parseCount, parseTimer } from '../../core/values/quantities.js';
import { type GroupByFlags, groupByOption } from '../flags/group-by.js';
import { type TenantFlags, withTenantOptions } from '../flags/tenant-flags.js';
import { type WeightFlags, withWeightOptions } from '../flags/weight-flags.js';
import type { Run } from '../shared/context.js';

export interface TopFlags extends WeightFlags, TenantFlags, GroupByFlags {
  interval: number;
  samples?: number;
}

export function registerTop(program: Command, run: Run): void {
  withTenantOptions(
    withWeightOptions(
      program
        .command('top')
        .description('Look on: who has how much waiting, who is served, and what would be fair.'),
    ),
    'a row for each tenant',
  )
    .addOption(
      new Option('--interval <time>', 'look so often')
        .argParser((text) => parseTimer(text, '--interval', 100))
        .default(2_000, '2s'),
    )
    .addOption(groupByOption('who takes turns: by groups of users who share queues (default: user)'))
    .option('--samples <n>', 'end after so many', (text) => parseCount(text, '--samples'))
    .addHelpText(
      'after',
      `
Examples:
  fairq top
  fairq top --interval 500ms --weight A=3
  fairq top --group-by hash:64
  fairq top --tenant-of prefix:/
  fairq top --json --samples 10`,
    )
    .action(run(async () => (await import('./top-action.js')).top));
}
