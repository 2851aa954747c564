import { openConnection } from '../../broker/connection/connection.js';
import { QueueRemover } from '../../broker/queues/queue-remover.js';
import { formatTasks } from '../../render/parts/numbers.js';
import { confirmed } from '../shared/confirm.js';
import type { CommandResult, Context } from '../shared/context.js';
import { nameOfQueue } from './one-queue.js';
import type { PurgeFlags } from './purge-command.js';
import { whyNoQueue } from './why-no-queue.js';
export async function purge(flags: PurgeFlags, context: Context): Promise<CommandResult> {
  const config = await context.config();
  const name = nameOfQueue(flags, config);
  const connection = await openConnection(config.address, 'fairq queues purge');
  try {
    const remover = new QueueRemover(connection, config.names, 1);
    const counts = await remover.counts(name);
    if (counts === undefined) throw await whyNoQueue(connection, flags, config, name);
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
