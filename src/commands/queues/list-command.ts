import { type Command, Option } from 'commander';
import type { Management } from '../../broker/management/management.js';
import { usageError } from '../../core/errors/errors.js';
import { parseCount, parseDuration, parseTimer } from '../../core/values/quantities.js';
import type { CommandResult, Context, Run } from '../shared/context.js';
import { untilStopped } from '../shared/endless.js';
import { watch, watchEnd } from '../shared/watch.js';
import { observationsOf } from './observations.js';

const SORT_KEYS = ['name', 'user', 'ready', 'unacknowledged', 'consumers', 'memory', 'idle'] as const;

interface ListFlags {
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

const WATCH_EVERY_MS = 5_000;

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
    .action((glob: string | undefined, flags: ListFlags) =>
      run((given: ListFlags, context) => list(glob, given, context))(flags),
    );
}

async function list(glob: string | undefined, flags: ListFlags, context: Context): Promise<CommandResult> {
  if (flags.csv === true && (context.json || flags.watch !== undefined)) {
    throw usageError('CSV_WITH', '--csv goes with neither --json nor --watch', {
      hint: '--json has everything that --csv has; with --watch it is a line of JSON each time.',
    });
  }
  if (flags.watch === undefined) return listBy(glob, flags, context, (sample) => sample());
  const everyMs = flags.watch === true ? WATCH_EVERY_MS : flags.watch;
  return untilStopped(context, watchEnd, (pause) =>
    listBy(glob, flags, context, (sample) => watch(context, pause, everyMs, sample)),
  );
}

/** @param show shows the queues as they are, as often as it asks for a sample */
async function listBy(
  glob: string | undefined,
  flags: ListFlags,
  context: Context,
  show: (sample: () => Promise<CommandResult>) => Promise<CommandResult>,
): Promise<CommandResult> {
  const { Management } = await import('../../broker/management/management.js');
  const { chooseQueues } = await import('../../run/queues/queue-listing.js');
  const { renderQueues } = await import('../../render/queues/list-text.js');
  const { queuesAsCsv } = await import('../../render/queues/list-csv.js');
  const { ownerOfBy } = await import('../../core/celery/queue-prefix.js');
  const { address, names } = await context.config();
  const ownerOf = ownerOfBy(flags.queuePrefix, names);
  const management = new Management(address);
  const look = await looker(context, flags.idleFor !== undefined || flags.sort === 'idle', management);
  const selection = {
    ...{ glob, sort: flags.sort, limit: flags.limit },
    empty: flags.empty === true,
    unconsumed: !flags.consumers,
    minReady: flags.minReady,
    idleForMs: flags.idleFor ?? 0,
  };
  const sample = async (): Promise<CommandResult> => {
    const { queues, idleMsOf } = await look();
    const list = chooseQueues(queues, ownerOf, selection, idleMsOf);
    return {
      document: { schemaVersion: 1, kind: 'queues', ...list },
      text: (style) =>
        flags.csv === true
          ? queuesAsCsv(list.queues, context.io.stdoutIsTerminal)
          : renderQueues(list, style),
    };
  };
  try {
    return await show(sample);
  } finally {
    await management.close();
  }
}

/** How to see the queues: the cheap way, or with what is known of how long each has been idle. */
async function looker(context: Context, withIdle: boolean, management: Management) {
  if (!withIdle) return async () => ({ queues: await management.queues(), idleMsOf: undefined });
  const { lookAtQueues } = await import('../../run/queues/look.js');
  const file = await observationsOf(context);
  return async () => {
    const { queues, observations, at } = await lookAtQueues(management, file, context.clock);
    return { queues, idleMsOf: (queue: string) => at - (observations.get(queue)?.since ?? at) };
  };
}
