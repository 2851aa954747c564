import { isFinal, type TaskState } from '../../core/events/task-state.js';
import { type Explanation, explain } from '../../core/explain/explanation.js';
import type { TaskFacts } from '../../core/explain/facts.js';
import { ownQueue, userQueueOf } from '../../core/queues/names.js';
import { TaskInquiry } from '../tasks/task-inquiry.js';
import { WorkerQuestion } from '../tasks/worker-question.js';
import { Asking } from './asking.js';
import type { ExplainDeps } from './explain-deps.js';
import { factsOfLoneTask, factsOfQueue, factsOfTenant } from './find-facts.js';

/** Why what waits in this queue does. */
export function explainQueue(deps: ExplainDeps, queue: string): Promise<Explanation> {
  const own = ownQueue(deps.names, queue);
  const subject =
    own?.kind === 'user'
      ? ({ of: 'user', name: own.name } as const)
      : ({ of: 'queue', name: queue } as const);
  return asked(deps, async (asking) => explain(await factsOfQueue(deps, asking, subject, queue)));
}

export function explainTenant(deps: ExplainDeps, tenant: string): Promise<Explanation> {
  return asked(deps, async (asking) => explain(await factsOfTenant(deps, asking, tenant)));
}

/** Undefined where nobody has heard of the task. */
export function explainTask(deps: ExplainDeps, id: string): Promise<Explanation | undefined> {
  const subject = { of: 'task', name: id } as const;
  return asked(deps, async (asking) => {
    const state = await stateOf(deps, id);
    if (state.state === 'unknown') return undefined;
    if (isFinal(state) || state.state === 'started') {
      return explain(await factsOfLoneTask(deps, asking, subject, { state }));
    }
    const answers = (await asking.ask({ id }))?.answers ?? [];
    const here = answers.find(({ task }) => task !== undefined);
    const place = here?.task === undefined ? undefined : { worker: here.name, ahead: here.task.ahead };
    const task: TaskFacts = { state, ...(place !== undefined && { place }) };
    const { user } = state;
    const queue =
      here?.lane?.queue ?? state.queue ?? (user === undefined ? undefined : userQueueOf(deps.names, user));
    if (queue === undefined) return explain(await factsOfLoneTask(deps, asking, subject, task));
    return explain(await factsOfQueue(deps, asking, subject, queue, task));
  });
}

async function stateOf(deps: ExplainDeps, id: string): Promise<TaskState> {
  const { connection, names, clock, newId, connectToAsk } = deps;
  const question = new WorkerQuestion({ connect: connectToAsk, names, newId, onCannotAsk: () => {} });
  try {
    const askWorkers = (asked: string) => question.ask(asked);
    const inquiry = await TaskInquiry.open({ connection, names, clock, askWorkers }, id);
    try {
      return await inquiry.ask();
    } finally {
      await inquiry.close();
    }
  } finally {
    await question.close();
  }
}

async function asked<T>(deps: ExplainDeps, work: (asking: Asking) => Promise<T>): Promise<T> {
  const asking = new Asking(deps);
  try {
    return await Promise.race([work(asking), deps.connection.lost]);
  } finally {
    await asking.close();
  }
}
