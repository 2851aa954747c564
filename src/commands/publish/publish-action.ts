import { openConnection } from '../../broker/connection/connection.js';
import { Management } from '../../broker/management/management.js';
import type { NotTaken, OutgoingTask } from '../../broker/publishing/publisher.js';
import { type ErrorKind, usageError } from '../../core/errors/errors.js';
import type { PublishReport } from '../../core/reports/publish-report.js';
import { idGenerator, newRunId } from '../../process/identity.js';
import { publishProgressLine, renderPublish } from '../../render/publish-text.js';
import { planFrom } from '../../run/publish/plan.js';
import { PublishRun } from '../../run/publish/publish-run.js';
import { streamsAmong } from '../../run/publish/streams-among.js';
import { groupingFrom } from '../flags/group-by.js';
import { refuseUnitsAndGroups } from '../flags/units-and-groups.js';
import type { CommandResult, Context } from '../shared/context.js';
import { showProgress } from '../shared/progress.js';
import { reconnecting } from '../shared/reconnecting.js';
import { ConfirmedIds, IdList } from './confirmed-ids.js';
import { destinationFrom } from './destination-from.js';
import type { PublishFlags } from './publish-command.js';
import { unitsToSetUp } from './units-to-set-up.js';
import { PrintedResults, waitedResult } from './wait.js';

export async function publish(flags: PublishFlags, context: Context): Promise<CommandResult> {
  checkPriority(flags);
  if (flags.timeout !== undefined && flags.wait !== true) {
    throw usageError('TIMEOUT_WITHOUT_WAIT', '--timeout goes with --wait alone', { hint: 'Add --wait.' });
  }
  if (flags.stream === true && flags.from === undefined) {
    throw usageError('STREAM_WITHOUT_FROM', '--stream goes with --from alone', {
      hint: 'Name the file: --from FILE.',
    });
  }
  const config = await context.config();
  const { names } = config;
  refuseUnitsAndGroups(config, flags);
  const newId = idGenerator(context);
  const replyQueue = flags.wait === true ? `${names.replyQueuePrefix}${newId()}` : undefined;
  const destination = destinationFrom(flags, names, replyQueue, context);
  const plan = await planFrom(
    {
      ...flags,
      queueOf: destination.queueOf,
      payload: destination.payload,
      task: destination.task,
      run: flags.run ?? newRunId(context),
      runGiven: flags.run !== undefined,
      stream: flags.stream === true,
      username: config.address.username,
      queueKind: { type: flags.queueType, ordered: flags.ordered === true },
      shared: flags.strategy === 'fifo',
      priority: flags.strategy === 'priority' ? (flags.priority ?? 0) : undefined,
      grouping: await groupingFrom(flags),
    },
    names,
    context.io.stdin,
  );
  const connection = await openConnection(config.address, 'fairq publish', {
    ...reconnecting(context, config, { resumption: 'what was not confirmed is sent again' }),
    onBlocked: (reason) =>
      context.warn(`the broker is blocked (${reason}); waiting until it takes tasks again`),
    onUnblocked: () => context.say('the broker takes tasks again'),
  });
  const target = await destination.open(connection);
  const management = new Management(config.address);
  try {
    const results =
      flags.wait === true ? await PrintedResults.open(context, (onState) => target.wait(onState)) : undefined;
    let isUnread = false;
    if (results !== undefined) {
      context.io.onReaderGone(() => {
        isUnread = true;
        results.stop();
      });
    }
    const onTask = ({ id, type, envelope: { user, run } }: OutgoingTask) =>
      results?.expect({ id, type, user, run });
    const ids =
      flags.ids === undefined ? undefined : await ConfirmedIds.open(flags.ids, context, () => run.stop());
    const list = context.json ? new IdList() : undefined;
    const onConfirmed = (task: OutgoingTask) => {
      ids?.add(task);
      list?.add(task.id);
    };
    const onNotTaken = (task: OutgoingTask, { text }: NotTaken) => {
      results?.fail(task.id, text);
      ids?.add(task, text);
    };
    const room = () => ids?.room();
    const run = new PublishRun(
      {
        connection,
        names,
        clock: context.clock,
        newId,
        onTask,
        onConfirmed,
        onNotTaken,
        room,
        target,
        setUpUnits: unitsToSetUp(flags, config, connection, context),
        streamsAmong: (queues) => streamsAmong(management, queues),
      },
      plan,
    );
    context.interrupts.on({
      stop: () => {
        run.stop();
        results?.stop();
      },
      progress: () => run.progress().confirmed,
      waitsFor: () => {
        const { sent, confirmed } = run.progress();
        return `the broker has not confirmed ${sent - confirmed} of ${sent} tasks that were sent`;
      },
      state: () => {
        const { sent, confirmed } = run.progress();
        if (sent === 0) return 'no task was sent';
        return `${confirmed} of ${sent} tasks that were sent are confirmed; the others may be on the broker, or not`;
      },
    });
    const started = context.clock.now();
    // Lines on a terminal and one that is drawn again and again do not go together.
    const printsLines = results !== undefined || flags.ids === '-';
    const progress = await showProgress(
      { ...context, liveProgress: context.liveProgress && !printsLines },
      () => publishProgressLine(run.progress(), (context.clock.now() - started) / 1000),
    );
    const report = await run.run().finally(async () => {
      progress.stop();
      await ids?.close();
    });
    const document = { schemaVersion: 1, kind: 'publish', ...report, ids: list?.ids ?? null };
    if (results !== undefined) {
      const outcome = await Promise.race([results.all(flags.timeout), connection.lost]);
      const end = { isInterrupted: context.interrupts.requested, isUnread };
      return await waitedResult(report, document, outcome, end, context);
    }
    if (flags.ids === '-' && !context.json) {
      context.say(renderPublish(report, { ...context.style, color: false }));
    }
    return {
      document,
      text: (style) => (flags.ids === '-' ? '' : renderPublish(report, style)),
      endsAs: endOf(report),
    };
  } finally {
    target.close();
    await connection.close();
    await management.close();
  }
}

function endOf({ interrupted, notTaken, confirmed }: PublishReport): ErrorKind | undefined {
  if (interrupted) return 'interrupted';
  if (notTaken.length === 0) return undefined;
  return confirmed > 0 ? 'partial' : 'refused';
}

function checkPriority({ strategy, priority, queueType, ordered }: PublishFlags): void {
  if (priority !== undefined && strategy !== 'priority') {
    throw usageError('PRIORITY_WITHOUT', '--priority goes with --strategy priority alone', {
      hint: 'Between fair queues nobody goes first; to give a user more, see worker --weight.',
    });
  }
  if (strategy === 'priority' && (queueType === 'quorum' || ordered === true)) {
    throw usageError(
      'PRIORITY_WITH',
      '--strategy priority goes with neither --queue-type quorum nor --ordered',
      {
        hint: 'Its queue is a classic one, and its order is that of the priorities.',
      },
    );
  }
}
