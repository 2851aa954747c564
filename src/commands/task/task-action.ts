import { openConnection } from '../../broker/connection/connection.js';
import { usageError } from '../../core/errors/errors.js';
import { isFinal, type TaskState } from '../../core/events/task-state.js';
import { isStartOfId, MOST_ID_BYTES, TASK_ID_LENGTH } from '../../core/message/task-id.js';
import { jsonText } from '../../core/values/written-json.js';
import { idGenerator } from '../../process/identity.js';
import { renderTask, taskLine } from '../../render/task-text.js';
import { TaskInquiry } from '../../run/tasks/task-inquiry.js';
import { WorkerQuestion } from '../../run/tasks/worker-question.js';
import type { CommandResult, Context } from '../shared/context.js';
import { reconnecting } from '../shared/reconnecting.js';
import type { TaskFlags } from './task-command.js';

/** How often workers are asked whether it runs, while nothing is heard of it. */
const ASK_AGAIN_MS = 500;

export async function task({ id, follow }: TaskFlags, context: Context): Promise<CommandResult> {
  if (id === '' || Buffer.byteLength(id) > MOST_ID_BYTES) {
    throw usageError('BAD_TASK_ID', `a task's id has 1 to ${MOST_ID_BYTES} bytes`, {
      hint: 'Give it as "publish --wait" or a warning of the worker names it.',
    });
  }
  const config = await context.config();
  const connection = await openConnection(
    config.address,
    'fairq task',
    reconnecting(context, config, { resumption: 'it is looked for again' }),
  );
  const { reconnectForMs } = reconnecting(context, config, { resumption: '' });
  const question = new WorkerQuestion({
    connect: (onBlocked) =>
      openConnection(config.address, 'fairq task, asking', {
        reconnectForMs: reconnectForMs ?? 0,
        onBlocked,
      }),
    names: config.names,
    newId: idGenerator(context),
    onCannotAsk: (reason) =>
      context.warn(
        `the workers cannot be asked (${reason}): a task that runs now, or is held back, is shown as queued`,
      ),
  });
  const interrupted = context.interrupts.rejection('the task goes on as it would have');
  try {
    const askWorkers = (asked: string) => question.ask(asked);
    const deps = { connection, names: config.names, clock: context.clock, askWorkers };
    const inquiry = await Promise.race([TaskInquiry.open(deps, id), interrupted, connection.lost]);
    const found = follow === true ? followed(inquiry, context) : inquiry.ask();
    const unread = follow === true ? readerGone(context) : new Promise<never>(() => {});
    const state = await Promise.race([found, interrupted, connection.lost, unread]);
    if (state === undefined) {
      return { document: { schemaVersion: 1, kind: 'end' }, text: () => '' };
    }
    return await resultOf(state, follow === true, context);
  } finally {
    await question.close();
    await connection.close();
  }
}

/** Resolves when nobody reads any more. */
function readerGone({ io }: Context): Promise<undefined> {
  return new Promise((resolve) => io.onReaderGone(() => resolve(undefined)));
}

/** Says each change, and resolves with where it ended. */
async function followed(inquiry: TaskInquiry, context: Context): Promise<TaskState> {
  let before = '';
  for (;;) {
    const state = await inquiry.ask();
    const now = `${state.state} ${state.attempt ?? ''} ${state.heldBack?.deaths ?? typeof state.heldBack}`;
    if (isFinal(state) || state.state === 'unknown') return state;
    if (now !== before) {
      const line = context.json
        ? jsonText(documentOf(state))
        : taskLine(state, context.clock.epochMicros(), context.style);
      await context.io.out(`${line}\n`);
    }
    before = now;
    await inquiry.news(ASK_AGAIN_MS);
  }
}

async function resultOf(state: TaskState, follow: boolean, context: Context): Promise<CommandResult> {
  if (state.state === 'unknown') {
    // Of a large publish only the series of its ids is known: a start cannot be told from that of another task.
    const what = isStartOfId(state.id)
      ? `the id is too short: it has ${state.id.length} characters, and those that fairq makes have ${TASK_ID_LENGTH}. Give the whole id`
      : 'look at its id, and at --prefix and --vhost; completions are kept for 7 days or 2 GB';
    context.fail(`nobody has heard of a task ${JSON.stringify(state.id)}: ${what}`);
  }
  const hasFailed = follow && state.state === 'failed';
  return {
    document: documentOf(state),
    text: (style) => renderTask(state, context.clock.epochMicros(), style),
    endsAs: state.state === 'unknown' ? 'usage' : hasFailed ? 'partial' : undefined,
  };
}

function documentOf(state: TaskState): object {
  // Times are microseconds since the Unix epoch; `sent` is `enqueued` by the name that people ask for.
  return {
    schemaVersion: 1,
    kind: 'task',
    ...state,
    ...(state.enqueued !== undefined && { sent: state.enqueued }),
  };
}
