import type { Command } from 'commander';
import { parseCount, parseTimer } from '../../core/values/quantities.js';
import type { Run } from '../shared/context.js';

export interface TasksFlags {
  running?: boolean;
  longerThan: number;
  limit: number;
}

export const MOST = 1_000;

export function registerTasks(program: Command, run: Run): void {
  program
    .command('tasks')
    .description('What runs now, at all workers; what has run for longest comes first.')
    .requiredOption('--running', 'the tasks that run')
    .option(
      '--longer-than <time>',
      'only those that have run for so long',
      (text: string) => parseTimer(text, '--longer-than', 0),
      0,
    )
    .option(
      '--limit <n>',
      `show so many, at most ${MOST}`,
      (text: string) => parseCount(text, '--limit'),
      100,
    )
    .addHelpText(
      'after',
      `
Examples:
  fairq tasks --running
  fairq tasks --running --longer-than 1m --json`,
    )
    .action(run(async () => (await import('./tasks-action.js')).tasks));
}
