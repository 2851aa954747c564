import { type Command, Option } from 'commander';
import type { OutgoingTask } from '../../broker/publishing/publisher.js';
import type { QueueType } from '../../broker/queues/topology.js';
import { type ErrorKind, usageError } from '../../core/errors/errors.js';
import type { Distribution } from '../../core/load/workload.js';
import type { PublishReport } from '../../core/reports/publish-report.js';
import {
  type DurationRange,
  parseBytes,
  parseCount,
  parseDurationRange,
  parseRate,
  parseTimer,
} from '../../core/values/quantities.js';
import type { OnState } from '../../run/tasks/awaited-tasks.js';
import type { CeleryFlags } from '../celery/publish-to-celery.js';
import { type GroupByFlags, groupByOption, groupingFrom } from '../flags/group-by.js';
import type { CommandResult, Context, Run } from '../shared/context.js';
import { reconnecting } from '../shared/reconnecting.js';

interface PublishFlags extends GroupByFlags, CeleryFlags {
  user?: string;
  count?: number;
  users?: number;
  total?: number;
  distribution: Distribution;
  seed: number;
  task?: string;
  duration?: DurationRange;
  size?: number;
  payload?: string;
  from?: string;
  stream?: boolean;
  ids?: string;
  rate?: number;
  queue?: string;
  run?: string;
  queueType: QueueType;
  ordered?: boolean;
  strategy: 'fair' | 'fifo' | 'priority';
  priority?: number;
  wait?: boolean;
  timeout?: number;
}

export function registerPublish(program: Command, run: Run): void {
  program
    .command('publish')
    .description(
      'Send tasks, each into the queue of its user, or into one that is named; with confirms, so that none is lost on the way.',
    )
    .option('--user <name>', 'whose tasks these are: any text')
    .option(
      '--queue <name>',
      'into this queue instead of those of the users; made where missing. "worker --also" serves it',
    )
    .option('--count <n>', 'tasks, of each user', (text) => parseCount(text, '--count'))
    .option('--users <n>', 'that many users, user-1 to user-N', (text) =>
      parseCount(text, '--users', 1, 1_000_000),
    )
    .option('--total <n>', 'tasks over all users, at random', (text) => parseCount(text, '--total'))
    .addOption(
      new Option('--distribution <kind>', 'how --total falls on the users')
        .choices(['uniform', 'zipf'])
        .default('uniform'),
    )
    .option('--seed <n>', 'makes a random load repeat', (text) => parseCount(text, '--seed', 0), 1)
    .option(
      '--task <name>',
      'the handler that is to run them (default: noop, or sleep with --duration); reports:render goes to the queue "reports"',
    )
    .option('--duration <time>', 'for the tasks sleep and cpu, such as 5ms or 18ms..22ms', (text) =>
      parseDurationRange(text, '--duration'),
    )
    .option('--size <bytes>', 'size of the payload, such as 128 or 4k', (text) => parseBytes(text, '--size'))
    .option('--payload <text|@file>', 'the payload itself, or a file that holds it')
    .option('--from <file|->', 'tasks from a file, one JSON object a line: {"user","queue","task","payload"}')
    .option('--stream', 'with --from FILE: send while it is read, as from standard input, unchecked before')
    .option('--ids <file|->', 'write a JSON object a line for each task, with its id, when it is confirmed')
    .option('--rate <n/s>', 'evenly paced, whether or not the system keeps up', (text) =>
      parseRate(text, '--rate'),
    )
    .option('--run <id>', 'the run that these tasks belong to (default: a new one)')
    .addOption(groupByOption('what shares a queue (default: user, a queue each)'))
    .addOption(
      new Option('--queue-type <type>', 'of the user queues that this makes')
        .choices(['classic', 'quorum'])
        .default('classic'),
    )
    .option('--ordered', 'make user queues that one worker at a time consumes: for "worker --ordered"')
    .addOption(
      new Option(
        '--strategy <name>',
        'fair: a queue for each user; to compare with: fifo, one shared queue, and priority, one that goes by --priority',
      )
        .choices(['fair', 'fifo', 'priority'])
        .default('fair'),
    )
    .option(
      '--priority <n>',
      'with --strategy priority: from 0 to 10, the highest first (default: 0)',
      (text) => parseCount(text, '--priority', 0, 10),
    )
    .option('--wait', 'print what becomes of each task, a JSON object a line, until all have ended')
    .option('--timeout <time>', 'with --wait: for so long at most, once all are sent', (text) =>
      parseTimer(text, '--timeout'),
    )
    .option(
      '--celery <task>',
      "tasks for Celery's workers: the name, such as tasks.double; with --queue-prefix",
    )
    .option('--args <json>', 'with --celery: positional arguments, an array')
    .option('--kwargs <json>', 'with --celery: keyword arguments, an object')
    .option(
      '--queue-prefix <text>',
      "with --celery: what stands before the user in the names of users' queues",
    )
    .addHelpText(
      'after',
      `
Examples:
  fairq publish --user A --count 30000
  fairq publish --users 50 --count 1000 --task sleep --duration 5ms
  fairq publish --users 1000 --total 100000 --distribution zipf --rate 2000/s
  fairq publish --user A --task double --payload 21 --wait --timeout 30s
  fairq publish --from tasks.ndjson --ids ids.ndjson
  fairq publish --from - --ids -
  fairq publish --queue reports --task render --count 100
  fairq publish --user A --task reports:render
  fairq publish --users 10000 --count 10 --group-by hash:64
  fairq publish --user A --celery tasks.double --args '[21]' --queue-prefix usersequence_`,
    )
    .action(run(publish));
}

async function publish(flags: PublishFlags, context: Context): Promise<CommandResult> {
  const { planFrom } = await import('../../run/publish/plan.js');
  const { PublishRun } = await import('../../run/publish/publish-run.js');
  const { openConnection } = await import('../../broker/connection/connection.js');
  const { Management } = await import('../../broker/management/management.js');
  const { streamsAmong } = await import('../../run/publish/streams-among.js');
  const { idGenerator, newRunId } = await import('../shared/identity.js');
  const { showProgress } = await import('../shared/progress.js');
  const { celeryFrom } = await import('../celery/publish-to-celery.js');
  const { ResultWait } = await import('../../run/tasks/result-wait.js');
  const { PrintedResults, waitedResult } = await import('./wait.js');
  const { ConfirmedIds, IdList } = await import('./confirmed-ids.js');
  const { publishProgressLine, renderPublish } = await import('../../render/publish-text.js');

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
  const newId = idGenerator(context);
  const replyQueue = flags.wait === true ? `${names.replyQueuePrefix}${newId()}` : undefined;
  const celery = await celeryFrom(flags, names, replyQueue, context);
  const plan = await planFrom(
    {
      ...flags,
      queueOf: celery?.queueOf,
      payload: celery?.messages.body ?? flags.payload,
      task: flags.celery ?? flags.task ?? (flags.duration === undefined ? 'noop' : 'sleep'),
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
  const foreign = await celery?.open(connection);
  const management = new Management(config.address);
  try {
    const wait = (onState: OnState) =>
      celery === undefined
        ? ResultWait.open(connection, names, flags.queueType, onState)
        : celery.wait(connection, onState);
    const results = flags.wait === true ? await PrintedResults.open(context, wait) : undefined;
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
    const onNotTaken = (task: OutgoingTask, reason: string) => {
      results?.fail(task.id, reason);
      ids?.add(task, reason);
    };
    const room = () => ids?.room();
    const listeners = { onTask, onConfirmed, onNotTaken, room };
    const run = new PublishRun(
      {
        ...{ connection, names, clock: context.clock, newId, ...listeners, foreign },
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
    foreign?.close();
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
