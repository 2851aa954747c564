import { Management } from '../../broker/management/management.js';
import { usageError } from '../../core/errors/errors.js';
import { spreadQueue } from '../../core/queues/names.js';
import type { UserQueue } from '../../core/reports/queue-report.js';
import { queuesAsCsv } from '../../render/queues/list-csv.js';
import { renderQueues } from '../../render/queues/list-text.js';
import { foldShared } from '../../run/queues/fold-shared.js';
import { observeQueues } from '../../run/queues/observe-queues.js';
import { chooseQueues } from '../../run/queues/queue-listing.js';
import { ownersBy } from '../flags/queue-prefix.js';
import type { CommandResult, Context } from '../shared/context.js';
import { untilStopped } from '../shared/endless.js';
import { watch, watchEnd } from '../shared/watch.js';
import type { ListFlags } from './list-command.js';
import { observationsOf } from './observations.js';

const WATCH_EVERY_MS = 5_000;

export async function list(flags: ListFlags, context: Context): Promise<CommandResult> {
  if (flags.csv === true && (context.json || flags.watch !== undefined)) {
    throw usageError('CSV_WITH', '--csv goes with neither --json nor --watch', {
      hint: '--json has everything that --csv has; with --watch it is a line of JSON each time.',
    });
  }
  if (flags.watch === undefined) return listBy(flags, context, (sample) => sample());
  const everyMs = flags.watch === true ? WATCH_EVERY_MS : flags.watch;
  return untilStopped(context, watchEnd, (pause) =>
    listBy(flags, context, (sample) => watch(context, pause, everyMs, sample)),
  );
}

/** @param show shows the queues as they are, as often as it asks for a sample */
async function listBy(
  flags: ListFlags,
  context: Context,
  show: (sample: () => Promise<CommandResult>) => Promise<CommandResult>,
): Promise<CommandResult> {
  const { address, names } = await context.config();
  const ownerOf = ownersBy(flags.queuePrefix, names);
  const management = new Management(address);
  const listed = await listerOf(context, flags.idleFor !== undefined || flags.sort === 'idle', management);
  const selection = {
    glob: flags.glob,
    sort: flags.sort,
    limit: flags.limit,
    empty: flags.empty === true,
    unconsumed: !flags.consumers,
    minReady: flags.minReady,
    idleForMs: flags.idleFor ?? 0,
    isSpread: (queue: string) => flags.queuePrefix === undefined && spreadQueue(names, queue) !== undefined,
  };
  // Who looks for certain queues gets all of these.
  const isDefault =
    flags.glob === undefined && !selection.empty && !selection.unconsumed && flags.idleFor === undefined;
  const sample = async (): Promise<CommandResult> => {
    const { queues, idleMsOf } = await listed();
    const list = chooseQueues(queues, ownerOf, selection, idleMsOf);
    const asShown = () => {
      const { rest, shared } = foldShared(queues, selection.isSpread);
      if (!isDefault || shared === undefined) return list;
      return { ...chooseQueues(rest, ownerOf, selection, idleMsOf), totals: list.totals, shared };
    };
    return {
      document: { schemaVersion: 1, kind: 'queues', ...list, queues: list.queues.map(asDocument) },
      text: (style) =>
        flags.csv === true
          ? queuesAsCsv(list.queues, context.io.stdoutIsTerminal)
          : renderQueues(asShown(), style),
    };
  };
  try {
    return await show(sample);
  } finally {
    await management.close();
  }
}

/** What nobody knows is null. */
function asDocument(queue: UserQueue) {
  const unknown = { ready: null, unacknowledged: null, consumers: null, memoryBytes: null };
  return queue.down ? { ...queue, ...unknown } : queue;
}

/** How to see the queues: the cheap way, or with what is known of how long each has been idle. */
async function listerOf(context: Context, withIdle: boolean, management: Management) {
  if (!withIdle) return async () => ({ queues: await management.queues(), idleMsOf: undefined });
  const file = await observationsOf(context);
  return async () => {
    const { queues, observations, at } = await observeQueues(management, file, context.clock);
    return { queues, idleMsOf: (queue: string) => at - (observations.get(queue)?.since ?? at) };
  };
}
