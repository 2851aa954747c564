import { type Command, Option } from 'commander';
import { parseCount, parseDuration, parseTimer } from '../../core/values/quantities.js';
import type { Run } from '../shared/context.js';

const SORT_KEYS = ['name', 'user', 'ready', 'unacknowledged', 'consumers', 'memory', 'idle'] as const;

export interface ListFlags {
  glob: string | undefined;
  sort: (typeof SORT_KEYS)[number];
  limit?: number;
  empty?: boolean;
  idleFor?: number;
  /** False with `--no-consumers`. */
  consumers: boolean;
  minReady: number;
  csv?: boolean;
  queuePrefix?: string;
  watch?: number | true;
}

export function registerList(queues: Command, run: Run): void {
  queues
    .command('list')
    .description('What waits in each user queue, and what it costs.')
    .argument('[glob]', 'only queues whose name or user matches; * and ? are wildcards')
    .addOption(
      new Option('--sort <key>', 'largest first; names in order').choices([...SORT_KEYS]).default('ready'),
    )
    .option('--limit <n>', 'show so many', (text) => parseCount(text, '--limit'))
    .option('--empty', 'with no task in them')
    .option(
      '--min-ready <n>',
      'with so many tasks ready at least',
      (text) => parseCount(text, '--min-ready', 0),
      0,
    )
    .option('--no-consumers', 'that nobody consumes')
    .option('--idle-for <time>', 'known to be idle for so long', (text) => parseDuration(text, '--idle-for'))
    .option('--queue-prefix <text>', 'queues that an application has named so; the user follows')
    .option('--csv', 'all of them as comma-separated values')
    .option('--watch [time]', 'again and again (every 5s)', (text) => parseTimer(text, '--watch'))
    .addHelpText(
      'after',
      `
Examples:
  fairq queues list
  fairq queues list 'team-*' --sort memory --limit 20
  fairq queues list --no-consumers --min-ready 1
  fairq queues list --queue-prefix usersequence_
  fairq queues list --watch 2s`,
    )
    .action((glob: string | undefined, flags: Omit<ListFlags, 'glob'>) =>
      run(async () => (await import('./list-action.js')).list)({ ...flags, glob }),
    );
}
