import type { Command } from 'commander';
import { usageError } from '../../core/errors/errors.js';
import { parseCount, parseTimer } from '../../core/values/quantities.js';
import type { CommandResult, Context, Run } from '../shared/context.js';

interface TasksFlags {
  running?: boolean;
  longerThan: number;
  limit: number;
}

const MOST = 1_000;

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
    .action(run(tasks));
}

async function tasks({ longerThan, limit }: TasksFlags, context: Context): Promise<CommandResult> {
  if (limit > MOST) {
    throw usageError('BAD_LIMIT', `--limit ${limit}: a worker tells of ${MOST} tasks at the most`, {
      hint: `Give at most ${MOST}, or a longer --longer-than.`,
    });
  }
  const { openConnection } = await import('../../broker/connection/connection.js');
  const { Management } = await import('../../broker/management/management.js');
  const { findRunning } = await import('../../run/tasks/find-running.js');
  const { renderRunning } = await import('../../render/running-text.js');
  const { idGenerator } = await import('../shared/identity.js');
  const config = await context.config();
  const management = new Management(config.address);
  const connection = await openConnection(config.address, 'fairq tasks');
  try {
    const { names } = config;
    const onWaiting = (silent: readonly string[], ms: number) => {
      const who = silent.length === 1 ? silent[0] : `${silent.length} workers`;
      context.say(`no answer from ${who} yet: waiting for ${Math.ceil(ms / 1_000)} s more at most`);
    };
    const newId = idGenerator(context);
    const deps = { connection, management, names, clock: context.clock, newId, onWaiting };
    const found = await Promise.race([findRunning(deps, longerThan, limit), connection.lost]);
    return {
      document: { schemaVersion: 1, kind: 'running-tasks', ...found },
      text: (style) => renderRunning(found, style),
    };
  } finally {
    await connection.close();
    await management.giveUp();
  }
}
