import { type Command, Option } from 'commander';
import { parseCount, parseDuration, parseTimer } from '../../core/quantities.js';
import { usageError } from '../../errors.js';
import type { QueueList } from '../../run/queues/list.js';
import type { CommandResult, Context, Run } from '../context.js';
import { watch } from '../watch.js';

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
    .option('--csv', 'all of them as comma-separated values')
    .option('--watch [time]', 'again and again (every 5s)', (text) => parseTimer(text, '--watch'))
    .addHelpText(
      'after',
      `
Examples:
  fairq queues list
  fairq queues list 'team-*' --sort memory --limit 20
  fairq queues list --no-consumers --min-ready 1
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
  const { Management } = await import('../../broker/management.js');
  const config = await context.config();
  const management = new Management(config.address);
  const withIdle = flags.idleFor !== undefined || flags.sort === 'idle';
  const look = await looker(context, withIdle, management);
  const { chooseQueues } = await import('../../run/queues/list.js');
  const { renderQueues } = await import('../../render/queues/list-text.js');
  const sample = async (): Promise<CommandResult> => {
    const { queues, idleMsOf } = await look();
    const selection = {
      glob,
      empty: flags.empty === true,
      unconsumed: !flags.consumers,
      minReady: flags.minReady,
      idleForMs: flags.idleFor ?? 0,
      sort: flags.sort,
      limit: flags.limit,
    };
    const found = chooseQueues(queues, config.names, selection, idleMsOf);
    return { document: documentOf(found), text: (style) => renderQueues(found, style) };
  };
  try {
    if (flags.watch !== undefined) {
      return await watch(context, flags.watch === true ? WATCH_EVERY_MS : flags.watch, sample);
    }
    if (flags.csv !== true) return await sample();
    const { queuesAsCsv } = await import('../../render/queues/list-csv.js');
    const { document } = await sample();
    const { queues } = document as QueueList;
    return { document, text: () => queuesAsCsv(queues, context.io.stdoutIsTerminal) };
  } finally {
    await management.close();
  }
}

type Management = InstanceType<typeof import('../../broker/management.js').Management>;

/** How to see the queues: the cheap way, or with what is known of how long each has been idle. */
async function looker(context: Context, withIdle: boolean, management: Management) {
  if (!withIdle) return async () => ({ queues: await management.queues(), idleMsOf: undefined });
  const { ObservationFile } = await import('../../run/queues/observation-file.js');
  const { lookAtQueues } = await import('../../run/queues/look.js');
  const { stateFolder } = await import('../../state-folder.js');
  const { address, names } = await context.config();
  const file = new ObservationFile(stateFolder(context.io.env), address, names);
  return async () => {
    const { queues, observations, at } = await lookAtQueues(management, file, context.clock);
    return { queues, idleMsOf: (queue: string) => at - (observations.get(queue)?.since ?? at) };
  };
}

function documentOf({ queues, hidden, totals }: QueueList): object {
  return { schemaVersion: 1, kind: 'queues', queues, hidden, totals };
}
