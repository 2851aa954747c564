import { type Command, Option } from 'commander';
import { parseCount, parseDuration, parseTimer } from '../../core/values/quantities.js';
import type { Run } from '../shared/context.js';

export interface PruneFlags {
  idleFor?: number;
  observe?: number;
  match?: string;
  includeForeign?: boolean;
  max?: number;
  concurrency: number;
  grace: number;
  dryRun?: boolean;
  yes?: boolean;
  watch?: number;
  queuePrefix?: string;
}

export function registerPrune(queues: Command, run: Run): void {
  queues
    .command('prune')
    .description('Delete user queues that nobody uses any more, and lose no task.')
    .option('--idle-for <time>', 'nothing came or went for so long (default: 30m)', time('--idle-for'))
    .option('--observe <time>', 'watch the queues now for so long, and go by that', time('--observe'))
    .option('--match <glob>', 'only queues whose name or user matches; * and ? are wildcards')
    .option('--include-foreign', 'those too that --match names and that fairq did not make')
    .option(
      '--queue-prefix <text>',
      "instead: the queues of Celery's users, which the user follows in the name",
    )
    .option('--max <n>', 'prune so many, those idle for longest', (text) => parseCount(text, '--max'))
    .option(
      '--concurrency <n>',
      'requests to the broker at a time',
      (text) => parseCount(text, '--concurrency', 1, 64),
      32,
    )
    .addOption(
      new Option('--grace <time>', 'from unbinding to looking, for what is on its way')
        .argParser((text) => parseTimer(text, '--grace'))
        .default(500, '500ms'),
    )
    .option('--watch <time>', 'go on, and prune again so often', (text) => parseTimer(text, '--watch'))
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      `
Examples:
  fairq queues prune --dry-run
  fairq queues prune --idle-for 12h --yes
  fairq queues prune --observe 60s --match 'trial-*'
  fairq queues prune --queue-prefix usersequence_ --idle-for 12h
  fairq queues prune --watch 10m --yes`,
    )
    .action(run(async () => (await import('./prune-action.js')).prune));
}

function time(flag: string): (text: string) => number {
  return (text) => parseDuration(text, flag);
}
