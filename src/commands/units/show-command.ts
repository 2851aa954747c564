import type { Command } from 'commander';
import type { Run } from '../shared/context.js';

export function registerShowUnits(units: Command, run: Run): void {
  units
    .command('show', { isDefault: true })
    .description('What is set up on the broker, and what is left of what was.')
    .addHelpText(
      'after',
      `
Examples:
  fairq units
  fairq units show --json`,
    )
    .action(run(async () => (await import('./show-action.js')).show));
}
