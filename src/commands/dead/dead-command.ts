import { type Command, Option } from 'commander';
import type { QueueType } from '../../broker/queues/topology.js';
import type { Config } from '../../config/config.js';
import { usageError } from '../../core/errors/errors.js';
import type { DeadLetterSelection } from '../../core/message/dead-letter-filter.js';
import {
  type GroupField,
  groupDeadLetters,
  parseGroupFields,
} from '../../core/message/dead-letter-groups.js';
import { parseCount } from '../../core/values/quantities.js';
import type { DeadDeps, DeadLetterList, DeadOutcome } from '../../run/dead/dead-letters.js';
import { confirmed } from '../shared/confirm.js';
import type { CommandResult, Context, Run } from '../shared/context.js';
import { reconnecting } from '../shared/reconnecting.js';

interface SelectionFlags {
  id?: string;
  user?: string;
  run?: string;
  reason?: string;
}

interface ListFlags extends SelectionFlags {
  by?: readonly GroupField[];
  limit?: number;
}

interface ChangeFlags extends SelectionFlags {
  all?: boolean;
  dryRun?: boolean;
  yes?: boolean;
  queueType: QueueType;
  ordered?: boolean;
}

export function registerDead(program: Command, run: Run): void {
  const dead = program
    .command('dead')
    .description('Tasks that failed for good: look at them, send them back, or throw them away.');
  withSelection(
    dead.command('list').description('The dead letters, the newest first, and why they are dead.'),
  )
    .option('--by <fields>', 'how many there are of each: some of user, reason, run, task', parseGroupFields)
    .option('--limit <n>', 'show so many', (text) => parseCount(text, '--limit'))
    .addHelpText(
      'after',
      `
Examples:
  fairq dead list --limit 20
  fairq dead list --by user,reason
  fairq dead list --user 'team-*' --reason timeout`,
    )
    .action(run(list));
  dead
    .command('show')
    .description('Everything about one dead letter, its payload included.')
    .argument('<id>', 'of the task, as "dead list" says it, or as much of its start as no other has')
    .addHelpText('after', '\nExamples:\n  fairq dead show 01932a7c-8a3e-7c00-9f3a-2f6d1c0b7e55')
    .action((id: string) => run(show)({ id }));
  withSelection(dead.command('redrive').description('Send tasks back into the queues of their users.'))
    .option('--all', 'all of them')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('-y, --yes', 'do not ask')
    .addOption(
      new Option('--queue-type <type>', 'of user queues that have to be made again')
        .choices(['classic', 'quorum'])
        .default('classic'),
    )
    .option('--ordered', 'make them for workers that keep the order')
    .addHelpText(
      'after',
      `
Examples:
  fairq dead redrive --user A --dry-run
  fairq dead redrive --reason 'exit code 7' --yes`,
    )
    .action(run(redrive));
  withSelection(dead.command('discard').description('Throw dead letters away, for good.'))
    .option('--all', 'all of them')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', '\nExamples:\n  fairq dead discard --run friday --dry-run')
    .action(run(discard));
}

function withSelection(command: Command): Command {
  return command
    .option('--id <id>', 'the task with this id, or with the only one that starts so')
    .option('--user <glob>', 'of these users')
    .option('--run <glob>', 'of these runs')
    .option('--reason <text>', 'whose reason has this text in it');
}

async function list(flags: ListFlags, context: Context): Promise<CommandResult> {
  const { listDeadLetters } = await import('../../run/dead/dead-letters.js');
  const { renderDeadLetterGroups, renderDeadLetters } = await import('../../render/dead-text.js');
  const found = await connected(context, (deps) => listDeadLetters(deps, flags));
  const now = context.clock.epochMicros();
  const { by, limit = Number.POSITIVE_INFINITY } = flags;
  if (by !== undefined) {
    const all = groupDeadLetters(found.letters, by);
    const groups = all.slice(0, limit);
    const counted = {
      total: found.total,
      chosen: found.letters.length,
      groups,
      hidden: all.length - groups.length,
    };
    return {
      document: { schemaVersion: 1, kind: 'dead-letter-groups', by, ...counted },
      text: (style) => renderDeadLetterGroups({ ...counted, by, now }, style),
    };
  }
  const letters = found.letters.slice(0, limit);
  const hidden = found.letters.length - letters.length;
  return {
    document: { schemaVersion: 1, kind: 'dead-letters', total: found.total, letters, hidden },
    text: (style) => renderDeadLetters({ ...found, letters, hidden, now }, style),
  };
}

async function show({ id }: { id: string }, context: Context): Promise<CommandResult> {
  const { findDeadLetter } = await import('../../run/dead/dead-letters.js');
  const { renderDeadLetter } = await import('../../render/dead-text.js');
  const found = await connected(context, (deps) => findDeadLetter(deps, id));
  const { letter, contentType, payload } = found;
  const now = context.clock.epochMicros();
  return {
    document: {
      schemaVersion: 1,
      kind: 'dead-letter',
      ...letter,
      contentType,
      payloadBase64: payload.toString('base64'),
    },
    text: (style) => renderDeadLetter({ letter, contentType, payload, now }, style),
  };
}

async function redrive(flags: ChangeFlags, context: Context): Promise<CommandResult> {
  const { redriveDeadLetters } = await import('../../run/dead/dead-letters.js');
  return change('redrive', 'sent back to the queues of their users', flags, context, (deps, chosen, onDone) =>
    redriveDeadLetters(deps, chosen, { type: flags.queueType, ordered: flags.ordered === true }, onDone),
  );
}

async function discard(flags: ChangeFlags, context: Context): Promise<CommandResult> {
  const { discardDeadLetters } = await import('../../run/dead/dead-letters.js');
  return change('discard', 'thrown away for good', flags, context, (deps, chosen, onDone) =>
    discardDeadLetters(deps, chosen, onDone),
  );
}

async function change(
  verb: 'redrive' | 'discard',
  whatHappens: string,
  flags: ChangeFlags,
  context: Context,
  act: (deps: DeadDeps, chosen: DeadLetterSelection, onDone: () => void) => Promise<DeadOutcome>,
): Promise<CommandResult> {
  const { id, user, run, reason, all } = flags;
  const chooses = [id, user, run, reason].some((value) => value !== undefined);
  if (chooses === (all === true)) {
    throw usageError(
      'WHICH_DEAD_LETTERS',
      chooses ? '--all and a choice exclude each other' : 'which ones?',
      {
        hint: 'Choose with --id, --user, --run or --reason, or say --all.',
      },
    );
  }
  const { listDeadLetters } = await import('../../run/dead/dead-letters.js');
  const { renderDeadOutcome, renderDeadPlan } = await import('../../render/dead-text.js');
  const { showProgress } = await import('../shared/progress.js');
  return connected(context, async (deps) => {
    const plan = await listDeadLetters(deps, flags);
    const head = { schemaVersion: 1, kind: `dead-${verb}`, total: plan.total, chosen: plan.letters.length };
    const nothingDone = (text: CommandResult['text']): CommandResult => ({
      document: { ...head, dryRun: flags.dryRun === true, done: 0, kept: [], byUser: countByUser(plan) },
      text,
    });
    if (flags.dryRun === true || plan.letters.length === 0) {
      return nothingDone((style) => renderDeadPlan(plan, whatHappens, style));
    }
    const count = plan.letters.length.toLocaleString('en-US');
    const noun = plan.letters.length === 1 ? 'dead letter is' : 'dead letters are';
    if (!(await confirmed(context, `${count} ${noun} to be ${whatHappens}.`, flags.yes === true))) {
      return nothingDone(() => 'Nothing was changed.');
    }
    let done = 0;
    const progress = await showProgress(
      context,
      () => `${verb}: ${done.toLocaleString('en-US')} of ${count}`,
    );
    try {
      // The one that was shown and said yes to, whatever has come in the meantime that starts so, too.
      const chosen = { user, run, reason, ...(id !== undefined && { id: plan.letters[0]!.id }) };
      const outcome = await act(deps, chosen, () => {
        done++;
      });
      progress.stop();
      return {
        document: { ...head, dryRun: false, ...outcome },
        text: (style) => renderDeadOutcome(outcome, whatHappens, style),
        endsAs: outcome.kept.length > 0 ? 'partial' : undefined,
      };
    } finally {
      progress.stop();
    }
  });
}

function countByUser({ letters }: DeadLetterList): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { user } of letters) counts.set(user ?? '', (counts.get(user ?? '') ?? 0) + 1);
  return Object.fromEntries(counts);
}

async function connected<R>(context: Context, use: (deps: DeadDeps) => Promise<R>): Promise<R> {
  const { openConnection } = await import('../../broker/connection/connection.js');
  const { Management } = await import('../../broker/management/management.js');
  const config: Config = await context.config();
  const management = new Management(config.address);
  const connection = await openConnection(
    config.address,
    'fairq dead',
    reconnecting(context, config, { resumption: 'what was not confirmed is sent again' }),
  );
  const interrupted = context.interrupts.rejection('every letter is where it was, or where it was to go');
  try {
    const definition = (queue: string) => management.queueDefinition(queue);
    const deps = { connection, names: config.names, clock: context.clock, definition };
    return await Promise.race([use(deps), interrupted]);
  } finally {
    await management.close();
    await connection.close();
  }
}
