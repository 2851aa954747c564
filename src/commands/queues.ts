import { type Command, Option } from 'commander';
import { parseCount } from '../core/quantities.js';
import type { CommandResult, Context, Run } from './context.js';

const SORT_KEYS = ['name', 'user', 'ready', 'unacknowledged', 'consumers', 'memory'] as const;

interface ListFlags {
  glob?: string;
  sort: (typeof SORT_KEYS)[number];
  limit?: number;
}

export function registerQueues(program: Command, run: Run): void {
  const queues = program.command('queues').description('The user queues: list them.');
  queues
    .command('list')
    .description('What waits in each user queue, and what it costs.')
    .argument('[glob]', 'only queues whose name or user matches; * and ? are wildcards')
    .addOption(
      new Option('--sort <key>', 'largest first; names in order').choices([...SORT_KEYS]).default('ready'),
    )
    .option('--limit <n>', 'show so many', (text) => parseCount(text, '--limit'))
    .addHelpText(
      'after',
      `
Examples:
  fairq queues list
  fairq queues list 'team-*' --sort memory --limit 20`,
    )
    .action((glob: string | undefined, flags: Omit<ListFlags, 'glob'>) =>
      run(list)({ ...flags, ...(glob !== undefined && { glob }) }),
    );
}

async function list(flags: ListFlags, context: Context): Promise<CommandResult> {
  const { Management } = await import('../broker/management.js');
  const { listUserQueues } = await import('../run/queues/list.js');
  const { renderQueues } = await import('../render/queues-text.js');
  const config = await context.config();
  const management = new Management(config.address);
  try {
    const { queues, hidden } = await listUserQueues(management, config.names, flags);
    return {
      document: { schemaVersion: 1, kind: 'queues', queues, hidden },
      text: (style) => renderQueues(queues, hidden, style),
    };
  } finally {
    await management.close();
  }
}
