import type { Command } from 'commander';
import { confirmed } from '../shared/confirm.js';
import type { CommandResult, Context, Run } from '../shared/context.js';
import { nameOfQueue, noSuchQueue, type OneQueue, withOneQueue } from './one-queue.js';

interface PurgeFlags extends OneQueue {
  dryRun?: boolean;
  yes?: boolean;
}

export function registerPurge(queues: Command, run: Run): void {
  withOneQueue(queues.command('purge').description("Throw away the tasks that wait in one user's queue."))
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      `
Examples:
  fairq queues purge A --dry-run
  fairq queues purge A --yes`,
    )
    .action((user: string | undefined, flags: Omit<PurgeFlags, 'user'>) => run(purge)({ ...flags, user }));
}

async function purge(flags: PurgeFlags, context: Context): Promise<CommandResult> {
  const { openConnection } = await import('../../broker/connection/connection.js');
  const { QueueRemover } = await import('../../broker/queues/queue-remover.js');
  const { formatTasks } = await import('../../render/parts/numbers.js');
  const config = await context.config();
  const name = nameOfQueue(flags, config);
  const connection = await openConnection(config.address, 'fairq queues purge');
  try {
    const remover = new QueueRemover(connection, config.names, 1);
    const counts = await remover.counts(name);
    if (counts === undefined) throw noSuchQueue(flags, name);
    const { ready } = counts;
    const plan = `${formatTasks(ready)} of "${name}" would be thrown away, for good; what workers hold already is run.`;
    const document = { schemaVersion: 1, kind: 'queue-purge', queue: name, user: flags.user ?? null, ready };
    const dryRun = flags.dryRun === true;
    if (ready === 0) {
      const nothing = `Nothing waits in "${name}": nothing was thrown away. What workers hold already is run.`;
      return { document: { ...document, dryRun, purged: 0 }, text: () => nothing };
    }
    if (dryRun) return { document: { ...document, dryRun, purged: 0 }, text: () => plan };
    if (!(await confirmed(context, plan, flags.yes === true))) {
      return { document: { ...document, dryRun, purged: 0 }, text: () => 'Nothing was changed.' };
    }
    const purged = await remover.purge(name);
    return {
      document: { ...document, dryRun, purged },
      text: () => `${formatTasks(purged)} thrown away. A report counts them as missing.`,
    };
  } finally {
    await connection.close();
  }
}
