import type { Command } from 'commander';
import type { Run } from '../shared/context.js';

export function registerDoctor(program: Command, run: Run): void {
  program
    .command('doctor')
    .description('Look for what is wrong, or soon will be, and say what to do about it.')
    .option(
      '--repair',
      'count permits and tokens that are wrong, delete those of limits that are not set, and put backlog limits right at the broker',
    )
    .option('--yes', 'repair without asking')
    .addHelpText(
      'after',
      `
Ends with exit code 99 where there is a problem; warnings alone are 0.

Examples:
  fairq doctor
  fairq doctor --json
  fairq doctor --repair`,
    )
    .action(run(async () => (await import('./doctor-action.js')).doctor));
}
