import { onBroker } from '../../broker/on-broker.js';
import { QueueRemover } from '../../broker/queues/queue-remover.js';
import { messageOf, refusedError, usageError } from '../../core/errors/errors.js';
import { BY_USER } from '../../core/queues/grouping.js';
import { type Names, ownQueue } from '../../core/queues/names.js';
import { shellWord } from '../../core/reports/shell-word.js';
import { idGenerator } from '../../process/identity.js';
import { formatTasks } from '../../render/parts/numbers.js';
import { Places } from '../../run/publish/places.js';
import { type DeleteOutcome, deleteQueue } from '../../run/queues/queue-deletion.js';
import { refuseSharedQueue } from '../../run/queues/refuse-shared-queue.js';
import { orRefuseWhenBlocked, refuseWhenBlocked } from '../../run/queues/refuse-when-blocked.js';
import { SavedTasks } from '../../run/queues/saved-tasks.js';
import { confirmed } from '../shared/confirm.js';
import type { CommandResult, Context } from '../shared/context.js';
import type { DeleteFlags } from './delete-command.js';
import { nameOfQueue } from './one-queue.js';
import { whyNoQueue } from './why-no-queue.js';
export async function remove(flags: DeleteFlags, context: Context): Promise<CommandResult> {
  if (flags.withTasks === true && flags.save !== undefined) {
    throw usageError('TASKS_TWICE', '--with-tasks and --save exclude each other', {
      hint: 'Tasks are either thrown away or saved.',
    });
  }
  const config = await context.config();
  const name = nameOfQueue(flags, config);
  if (flags.dryRun !== true) await refuseWhenBlocked(config, 'fairq queues delete');
  return onBroker(config, 'fairq queues delete', {}, async ({ connection, management }) => {
    const details = await management.queueDetails(name);
    if (details === undefined) throw await whyNoQueue(connection, flags, config, name);
    const counts = await new QueueRemover(connection, config.names, 1).counts(name);
    if (counts === undefined) throw await whyNoQueue(connection, flags, config, name);
    await refuseSharedQueue(connection, config.names, name);
    const { ready } = counts;
    const dryRun = flags.dryRun === true;
    const head = {
      schemaVersion: 1,
      kind: 'queue-delete',
      queue: name,
      user: flags.user ?? null,
      ready,
      dryRun,
    };
    if (ready > 0 && flags.withTasks !== true && flags.save === undefined) {
      throw refusedError('QUEUE_HAS_TASKS', `"${name}" has ${formatTasks(ready)}; nothing was changed`, {
        hint: 'Save them first with --save FILE, or throw them away with --with-tasks.',
      });
    }
    if (flags.save !== undefined) checkSendable(config.names, name);
    const plan = planOf(name, ready, flags);
    if (dryRun) return { document: { ...head, ...NOTHING }, text: () => plan };
    if (!(await confirmed(context, plan, flags.yes === true))) {
      return { document: { ...head, ...NOTHING }, text: () => 'Nothing was changed.' };
    }
    const file = flags.save === undefined ? undefined : await SavedTasks.create(flags.save);
    try {
      const deps = {
        connection,
        names: config.names,
        clock: context.clock,
        newId: idGenerator(context),
        management,
      };
      const tasks = file ?? (flags.withTasks === true ? 'discard' : 'refuse');
      const workers = await management.workersConnected();
      const queue = { name, type: details.type };
      const deletion = deleteQueue(deps, queue, { tasks, workers });
      const outcome = await orRefuseWhenBlocked(connection, deletion);
      return {
        document: { ...head, ...outcome },
        text: () => outcomeText(name, outcome, flags),
        endsAs: outcome.deleted ? undefined : 'partial',
      };
    } finally {
      await file?.close();
    }
  });
}

const NOTHING = { deleted: false, saved: 0, discarded: 0 };

/** What "publish --from" does not send to is not saved for it. */
function checkSendable(names: Names, queue: string): void {
  if (ownQueue(names, queue) !== undefined) return;
  try {
    new Places(names, { grouping: BY_USER, shared: false }).named('', queue);
  } catch (error) {
    throw usageError('NOT_SAVABLE', `the tasks of "${queue}" cannot be saved: ${messageOf(error)}`, {
      hint: '"publish --from" would not send them back. Of dead letters see "fairq dead".',
      cause: error,
    });
  }
}

function planOf(name: string, ready: number, { save, withTasks }: DeleteFlags): string {
  const first = `The queue "${name}" would be deleted`;
  if (save !== undefined) return `${first}, and its ${formatTasks(ready)} written to ${save}.`;
  if (withTasks === true) return `${first}, and its ${formatTasks(ready)} thrown away, for good.`;
  return `${first}; it is empty.`;
}

function outcomeText(
  name: string,
  { deleted, reason, saved, discarded, grantsLeft }: DeleteOutcome,
  flags: DeleteFlags,
): string {
  const parts = [deleted ? `"${name}" is deleted.` : `"${name}" is still there: ${reason}.`];
  if (saved > 0) {
    parts.push(
      `${formatTasks(saved)} in ${flags.save}; "fairq publish --from ${shellWord(flags.save ?? '')}" sends them again, with their ids and runs. Until then a report counts them as missing.`,
    );
  } else if (flags.save !== undefined) parts.push(`It held no task, so there is no ${flags.save}.`);
  if (discarded > 0) parts.push(`${formatTasks(discarded)} thrown away. A report counts them as missing.`);
  if (grantsLeft !== undefined) parts.push(`${grantsLeft.join('; ')}.`);
  return parts.join(' ');
}
