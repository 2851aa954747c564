import type { Connection } from '../../broker/connection/connection.js';
import type { Management } from '../../broker/management/management.js';
import { onBroker } from '../../broker/on-broker.js';
import { FairqError, usageError } from '../../core/errors/errors.js';
import type { PrunePlan, PruneReport } from '../../core/reports/queue-report.js';
import { idGenerator } from '../../process/identity.js';
import { formatCount, formatDuration } from '../../render/parts/numbers.js';
import {
  pruneSentence,
  renderPrune,
  renderPrunePlan,
  renderPruneRound,
} from '../../render/queues/prune-text.js';
import { CeleryConsumers } from '../../run/celery/celery-consumers.js';
import type { PruneSelection } from '../../run/queues/prune/prune-plan.js';
import { PruneRounds } from '../../run/queues/prune/prune-rounds.js';
import { orRefuseWhenBlocked, refuseWhenBlocked } from '../../run/queues/refuse-when-blocked.js';
import { ownersBy } from '../flags/queue-prefix.js';
import { confirmed } from '../shared/confirm.js';
import type { CommandResult, Context } from '../shared/context.js';
import { untilStopped } from '../shared/endless.js';
import type { Pause } from '../shared/pause.js';
import { showProgress } from '../shared/progress.js';
import { FOREVER, reconnecting } from '../shared/reconnecting.js';
import { orLater } from '../shared/watch.js';
import { observationsOf } from './observations.js';
import type { PruneFlags } from './prune-command.js';

const DEFAULT_IDLE_FOR_MS = 30 * 60_000;

const CUT_OFF = 'what it had unbound is bound again by workers and publishers, or by the next prune';

export function prune(flags: PruneFlags, context: Context): Promise<CommandResult> {
  check(flags);
  const { watch } = flags;
  if (watch !== undefined) return watchedPrune(watch, flags, context);
  return pruneBy(flags, context, async (rounds, connection) => {
    context.interrupts.on({ stop: () => rounds.stop(), state: () => CUT_OFF });
    const result = await orRefuseWhenBlocked(connection, once(rounds, flags, context));
    return context.interrupts.requested ? { ...result, endsAs: 'interrupted' } : result;
  });
}

/** Round after round until it is told to stop. */
function watchedPrune(everyMs: number, flags: PruneFlags, context: Context): Promise<CommandResult> {
  const done: Rounds = { rounds: 0, pruned: 0 };
  const end = (): CommandResult => ({
    document: { schemaVersion: 1, kind: 'queues-prune-end', ...done },
    text: () => `${done.rounds} rounds, ${done.pruned} queues pruned.`,
  });
  return untilStopped(context, end, (pause, giveUp) =>
    pruneBy(flags, context, async (rounds) => {
      const stop = () => {
        pause.end();
        rounds.stop();
      };
      const overdue = () => {
        context.warn(`the broker does not answer, and is not waited for any longer; ${CUT_OFF}`);
        giveUp();
      };
      context.interrupts.on({ stop, overdue, state: () => CUT_OFF });
      context.io.onReaderGone(stop);
      await janitor(rounds, done, pause, everyMs, flags, context);
      return end();
    }),
  );
}

/** @param work what is done with the rounds, while the connections last */
async function pruneBy(
  flags: PruneFlags,
  context: Context,
  work: (rounds: PruneRounds, connection: Connection) => Promise<CommandResult>,
): Promise<CommandResult> {
  if (flags.includeForeign === true) {
    context.warn(
      'queues that fairq did not make stay bound while they are looked at: a task that comes in the very moment of the delete may be lost',
    );
  }
  if (flags.queuePrefix !== undefined) {
    context.warn(
      'a Celery client is not told that a queue has gone: what it sends there without declaring it again, as one that runs on does, is dropped by the broker (docs/celery.md says how to be safe)',
    );
  }
  const config = await context.config();
  const ownerOf = ownersBy(flags.queuePrefix, config.names);
  if (flags.dryRun !== true && flags.watch === undefined)
    await refuseWhenBlocked(config, 'fairq queues prune');
  const options = reconnecting(context, config, {
    resumption: 'what was unbound is looked after first',
    ...(flags.watch !== undefined && { usually: FOREVER }),
  });
  return onBroker(config, 'fairq queues prune', options, async ({ connection, management }) => {
    const foreignConsumers =
      flags.queuePrefix === undefined ? undefined : await celeryConsumers(connection, management, context);
    const deps = {
      connection,
      names: config.names,
      clock: context.clock,
      newId: idGenerator(context),
      management,
      file: await observationsOf(context),
    };
    const rounds = new PruneRounds(
      deps,
      { ...selectionOf(flags), ownerOf },
      { foreignConsumers, concurrency: flags.concurrency, graceMs: flags.grace },
      {
        onStep: (step, count) => context.detail(`prune: ${step} (${count})`),
        onWarning: (text) => context.warn(text),
        onHealed: (count) =>
          context.say(
            `bound again: ${count} user ${count === 1 ? 'queue' : 'queues'} that had been left unbound`,
          ),
      },
    );
    try {
      return await work(rounds, connection);
    } finally {
      foreignConsumers?.close();
    }
  });
}

async function celeryConsumers(connection: Connection, management: Management, context: Context) {
  return CeleryConsumers.open(connection, management, context.clock.now, (text) => context.warn(text));
}

/** With one question, or none. */
async function once(rounds: PruneRounds, flags: PruneFlags, context: Context): Promise<CommandResult> {
  const plan =
    flags.observe === undefined ? await rounds.plan() : await observed(rounds, flags.observe, context);
  const { idleForMs } = selectionOf(flags);
  const nothingDone = (text: CommandResult['text']): CommandResult => ({
    document: documentOf(plan, flags, undefined),
    text,
  });
  // Though nothing is to go: what a pruner that died has left behind is put right.
  if (flags.dryRun !== true && plan.idle.length === 0 && !rounds.stopped)
    await roundOf(rounds, plan, context);
  if (flags.dryRun === true || plan.idle.length === 0 || rounds.stopped) {
    return nothingDone((style) => renderPrunePlan(plan, idleForMs, flags.dryRun === true, style));
  }
  if (
    !(await confirmed(
      context,
      `${pruneSentence(plan, idleForMs)} ${plan.idle.length === 1 ? 'It is' : 'They are'} to be deleted.`,
      flags.yes === true,
    ))
  ) {
    return nothingDone(() => 'Nothing was changed.');
  }
  const report = await pruneShown(rounds, plan, context);
  return {
    document: documentOf(plan, flags, report),
    text: (style) => renderPrune(report, style),
    endsAs: report.failed > 0 ? 'partial' : undefined,
  };
}

/** Looks twice, and waits in between. */
async function observed(rounds: PruneRounds, ms: number, context: Context): Promise<PrunePlan> {
  await rounds.plan();
  const until = context.clock.now() + ms;
  const progress = await showProgress(
    context,
    () => `watching the queues: ${formatDuration(Math.max(0, until - context.clock.now()))} to go`,
  );
  await rounds.wait(ms);
  progress.stop();
  return rounds.plan();
}

async function pruneShown(rounds: PruneRounds, plan: PrunePlan, context: Context): Promise<PruneReport> {
  let done = 0;
  let kept = 0;
  const progress = await showProgress(
    context,
    () => `prune: ${formatCount(done)} of ${formatCount(plan.idle.length)}, ${formatCount(kept)} kept`,
  );
  try {
    return await rounds.prune(plan, ({ outcome }) => {
      done++;
      if (outcome !== 'pruned') kept++;
    });
  } catch (error) {
    progress.stop();
    if (done > 0) context.say(`${done} of ${plan.idle.length} queues had been seen to before that`);
    throw error;
  } finally {
    progress.stop();
  }
}

/** What a watch has done so far. */
interface Rounds {
  rounds: number;
  pruned: number;
}

/** Each round is said as it ends. */
async function janitor(
  rounds: PruneRounds,
  done: Rounds,
  pause: Pause,
  everyMs: number,
  flags: PruneFlags,
  context: Context,
): Promise<void> {
  while (!pause.ended) {
    const plan = await orLater(() => pause.orEnd(rounds.plan()), context);
    if (plan !== undefined) {
      const report = await orLater(() => roundOf(rounds, plan, context), context);
      done.rounds++;
      done.pruned += report?.pruned ?? 0;
      if (context.json) await context.io.out(`${JSON.stringify(documentOf(plan, flags, report))}\n`);
      else if (report !== undefined) {
        await context.io.out(`${renderPruneRound(report, new Date(), context.style)}\n`);
      }
    }
    await pause.wait(everyMs);
  }
}

/** Undefined where another pruner is at work: it does what there is to do. */
async function roundOf(
  rounds: PruneRounds,
  plan: PrunePlan,
  context: Context,
): Promise<PruneReport | undefined> {
  try {
    return await rounds.prune(plan, () => {});
  } catch (error) {
    if (!(error instanceof FairqError && error.code === 'PRUNE_RUNNING')) throw error;
    context.say('another "queues prune" is at work; this round is left to it');
    return undefined;
  }
}

function documentOf(plan: PrunePlan, flags: PruneFlags, report: PruneReport | undefined): object {
  const { idle, beyondMax, tooSoon, busy } = plan;
  return {
    schemaVersion: 1,
    kind: 'queues-prune',
    dryRun: flags.dryRun === true,
    idleForMs: selectionOf(flags).idleForMs,
    idle: idle.length,
    beyondMax,
    tooSoon: tooSoon.length,
    withTasks: busy,
    idleMemoryBytes: idle.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
    longestIdleMs: idle[0]?.idleMs ?? null,
    shortestIdleMs: idle.at(-1)?.idleMs ?? null,
    queues: idle,
    pruned: report?.pruned ?? 0,
    kept: report?.kept ?? 0,
    failed: report?.failed ?? 0,
    memoryBytes: report?.memoryBytes ?? 0,
    seconds: report?.seconds ?? 0,
    outcomes: report?.outcomes ?? [],
  };
}

function selectionOf(flags: PruneFlags): PruneSelection {
  return {
    match: flags.match,
    includeForeign: flags.includeForeign === true,
    idleForMs: flags.observe ?? flags.idleFor ?? DEFAULT_IDLE_FOR_MS,
    max: flags.max ?? Number.POSITIVE_INFINITY,
  };
}

function check({
  idleFor,
  observe,
  includeForeign,
  match,
  watch,
  yes,
  dryRun,
  queuePrefix,
}: PruneFlags): void {
  if (idleFor !== undefined && observe !== undefined) {
    throw usageError('IDLE_FOR_AND_OBSERVE', '--idle-for and --observe exclude each other', {
      hint: 'The first goes by what earlier looks have seen, the second watches now; give one of them.',
    });
  }
  if (includeForeign === true && match === undefined) {
    throw usageError('FOREIGN_WHICH', '--include-foreign: which ones?', {
      hint: "Name them with --match, such as --match 'usersequence_*'.",
    });
  }
  if (queuePrefix !== undefined && includeForeign === true) {
    throw usageError('FOREIGN_WHICH', '--queue-prefix and --include-foreign exclude each other', {
      hint: 'The first names queues of users, the second any queues.',
    });
  }
  if (watch !== undefined && (dryRun === true || observe !== undefined)) {
    throw usageError('WATCH_WITH', '--watch goes with neither --dry-run nor --observe', {
      hint: 'It looks again and again, and goes by --idle-for.',
    });
  }
  if (watch !== undefined && yes !== true) {
    throw usageError('WATCH_ASKS_NOBODY', '--watch goes on by itself: there is nobody to ask each time', {
      hint: 'Say --yes as well; --dry-run without --watch shows what the first round would do.',
    });
  }
}
