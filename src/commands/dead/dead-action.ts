import { openConnection } from '../../broker/connection/connection.js';
import { Management } from '../../broker/management/management.js';
import type { Config } from '../../config/config.js';
import { usageError } from '../../core/errors/errors.js';
import type { DeadLetterSelection } from '../../core/message/dead-letter-filter.js';
import { groupDeadLetters } from '../../core/message/dead-letter-groups.js';
import {
  renderDeadLetter,
  renderDeadLetterGroups,
  renderDeadLetters,
  renderDeadOutcome,
  renderDeadPlan,
} from '../../render/dead-text.js';
import {
  type DeadDeps,
  type DeadLetterList,
  type DeadOutcome,
  discardDeadLetters,
  findDeadLetter,
  listDeadLetters,
  redriveDeadLetters,
} from '../../run/dead/dead-letters.js';
import { confirmed } from '../shared/confirm.js';
import type { CommandResult, Context } from '../shared/context.js';
import { showProgress } from '../shared/progress.js';
import { reconnecting } from '../shared/reconnecting.js';
import type { ChangeFlags, ListFlags } from './dead-command.js';
export async function list(flags: ListFlags, context: Context): Promise<CommandResult> {
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

export async function show({ id }: { id: string }, context: Context): Promise<CommandResult> {
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

export async function redrive(flags: ChangeFlags, context: Context): Promise<CommandResult> {
  return change('redrive', 'sent back to the queues of their users', flags, context, (deps, chosen, onDone) =>
    redriveDeadLetters(deps, chosen, { type: flags.queueType, ordered: flags.ordered === true }, onDone),
  );
}

export async function discard(flags: ChangeFlags, context: Context): Promise<CommandResult> {
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
