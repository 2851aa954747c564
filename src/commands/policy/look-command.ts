import type { Command } from 'commander';
import { parseCount } from '../../core/values/quantities.js';
import { type TenantFlags, withTenantOf } from '../flags/tenant-flags.js';
import type { Run } from '../shared/context.js';
import { type NameFlags, withName } from './policy-flags.js';

export type ShowFlags = NameFlags & Pick<TenantFlags, 'tenantOf'>;

export interface HistoryFlags {
  limit: number;
}

export function registerLooks(policy: Command, run: Run): void {
  policy
    .command('list')
    .description('Every rule that is set, until when, by whom and why.')
    .addHelpText('after', '\nExamples:\n  fairq policy list')
    .action(() => run(async () => (await import('./look-action.js')).list)({}));
  withTenantOf(withName(policy.command('show')), "what counts for the user's tenant, too")
    .description('What counts for a user, and which rule says so.')
    .addHelpText(
      'after',
      `
Examples:
  fairq policy show A
  fairq policy show acme/alice --tenant-of prefix:/
  fairq policy show --tenant acme`,
    )
    .action((name: string | undefined, flags: ShowFlags) =>
      run(async () => (await import('./look-action.js')).show)({ ...flags, name }),
    );
  policy
    .command('history')
    .description('Every change: when, by whom, what and why.')
    .option('--limit <n>', 'show so many, the last ones', (text: string) => parseCount(text, '--limit'), 50)
    .addHelpText('after', '\nExamples:\n  fairq policy history --limit 5')
    .action((flags: HistoryFlags) => run(async () => (await import('./look-action.js')).history)(flags));
}
