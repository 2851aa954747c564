import type { Command } from 'commander';
import type { CommandResult, Context, Run } from '../shared/context.js';
import { observationsOf } from './observations.js';
import { nameOfQueue, noSuchQueue, type OneQueue, withOneQueue } from './one-queue.js';

export function registerShow(queues: Command, run: Run): void {
  withOneQueue(
    queues
      .command('show')
      .description("Everything about one user's queue: its rate, its share, its oldest task."),
  )
    .addHelpText(
      'after',
      `
Examples:
  fairq queues show A
  fairq queues show --queue usersequence_7`,
    )
    .action((user: string | undefined, flags: Omit<OneQueue, 'user'>) => run(show)({ ...flags, user }));
}

async function show(flags: OneQueue, context: Context): Promise<CommandResult> {
  const { openConnection } = await import('../../broker/connection/connection.js');
  const { Management } = await import('../../broker/management/management.js');
  const { showQueue } = await import('../../run/queues/queue-details.js');
  const { renderShownQueue } = await import('../../render/queues/show-text.js');
  const config = await context.config();
  const name = nameOfQueue(flags, config);
  const file = await observationsOf(context);
  const management = new Management(config.address);
  const connection = await openConnection(config.address, 'fairq queues show');
  try {
    const queue = await showQueue(connection, management, config.names, file, context.clock, name);
    if (queue === undefined) throw noSuchQueue(flags, name);
    const now = Math.floor(context.clock.epochMicros() / 1000);
    return {
      document: { schemaVersion: 1, kind: 'queue', ...queue },
      text: (style) => renderShownQueue(queue, now, style),
    };
  } finally {
    await connection.close();
    await management.close();
  }
}
