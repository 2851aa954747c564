import { type Command, Option } from 'commander';
import type { Run } from '../shared/context.js';

export interface TokenFlags {
  user: string;
  role?: 'user' | 'viewer' | 'operator';
  tenant?: string;
  note?: string;
}

export function registerToken(serve: Command, run: Run): void {
  serve
    .command('token')
    .description(
      'Make a token for a user, and the line of --tokens-file that knows it. It is shown this once.',
    )
    .requiredOption('--user <name>', 'whose it is')
    .addOption(
      new Option(
        '--role <role>',
        'a viewer sees what all users have, and an operator acts on it (default: user)',
      ).choices(['user', 'viewer', 'operator']),
    )
    .option('--tenant <name>', "the user's tenant")
    .option('--note <text>', 'kept in the line, for whoever keeps the file')
    .addHelpText(
      'after',
      '\nExamples:\n  fairq serve token --user A\n  fairq serve token --user boss --role operator --json',
    )
    .action(run(async () => (await import('./token-action.js')).token));
}
