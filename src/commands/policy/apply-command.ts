import type { Command } from 'commander';
import type { Run } from '../shared/context.js';
import { type ChangeFlags, withChangeOptions } from './policy-flags.js';

export interface ApplyFlags extends ChangeFlags {
  file: string;
  dryRun?: boolean;
  yes?: boolean;
}

export function registerApply(policy: Command, run: Run): void {
  withChangeOptions(policy.command('apply'))
    .description('Make the policy what a file says: all of it. Shows the difference first, and asks.')
    .argument('<file>', 'TOML as "policy export" writes it, or the same as JSON in a file named *.json')
    .option('--dry-run', 'show the difference, and change nothing')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      `
Examples:
  fairq policy export > policy.toml
  fairq policy apply policy.toml --dry-run
  fairq policy apply policy.toml --yes`,
    )
    .action((file: string, flags: Omit<ApplyFlags, 'file'>) =>
      run(async () => (await import('./apply-action.js')).apply)({ ...flags, file }),
    );
  policy
    .command('export')
    .description('Write the policy as TOML, which "policy apply" takes back.')
    .addHelpText('after', '\nExamples:\n  fairq policy export > policy.toml')
    .action(() => run(async () => (await import('./apply-action.js')).exported)({}));
}
