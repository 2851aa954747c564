import { onBroker } from '../../broker/on-broker.js';
import { countQueues } from '../../broker/queues/queue-counts.js';
import type { Config } from '../../config/config.js';
import { usageError } from '../../core/errors/errors.js';
import type { Explanation } from '../../core/explain/explanation.js';
import { idTime, MOST_ID_BYTES } from '../../core/message/task-id.js';
import { groupQueueOf, userQueueOf } from '../../core/queues/names.js';
import { renderExplanation } from '../../render/explain/explain-text.js';
import { explainQueue, explainTask, explainTenant } from '../../run/explain/explain.js';
import type { ExplainDeps } from '../../run/explain/explain-deps.js';
import type { CommandResult, Context } from '../shared/context.js';
import { explainDeps } from '../shared/explain-deps.js';
import type { ExplainFlags } from './explain-command.js';

export async function explain(flags: ExplainFlags, context: Context): Promise<CommandResult> {
  checkFlags(flags);
  const config = await context.config();
  return onBroker(config, 'fairq explain', {}, async ({ connection, management }) => {
    const deps: ExplainDeps = {
      ...explainDeps({ connection, management }, config, context),
      onWaiting: (silent, ms) => {
        const who = silent.length === 1 ? silent[0] : `${silent.length} workers`;
        context.say(`no answer from ${who} yet: waiting for ${Math.ceil(ms / 1_000)} s more at most`);
      },
    };
    const found = await explanationOf(flags, deps, config);
    return {
      document: { schemaVersion: 1, kind: 'explain', ...found },
      text: (style) => renderExplanation(found, Math.floor(context.clock.epochMicros() / 1_000), style),
    };
  });
}

function checkFlags({ name, tenant, task, group, queue }: ExplainFlags): void {
  const given = [name, tenant, task, group, queue].filter((one) => one !== undefined);
  if (given.length !== 1) {
    const text = given.length === 0 ? 'why does who wait?' : 'only one can be explained at a time';
    throw usageError('WHOM_TO_EXPLAIN', text, {
      hint: 'Name a user or a task id, or give one of --tenant, --task, --group and --queue.',
    });
  }
  if (given[0] === '') {
    throw usageError('WHOM_TO_EXPLAIN', 'the name is empty', { hint: 'Name a user, or a task id.' });
  }
  const bytes = Math.max(...[tenant, task].map((one) => Buffer.byteLength(one ?? '')));
  if (bytes > MOST_ID_BYTES) {
    throw usageError('NAME_TOO_LONG', `${bytes} bytes: a task id or a tenant has at most ${MOST_ID_BYTES}`, {
      hint: 'Look at what was given.',
    });
  }
}

async function explanationOf(
  { name, tenant, task, group, queue }: ExplainFlags,
  deps: ExplainDeps,
  { names }: Config,
): Promise<Explanation> {
  if (tenant !== undefined) return explainTenant(deps, tenant);
  if (task !== undefined) return taskExplained(deps, task);
  if (group !== undefined) return explainQueue(deps, groupQueueOf(names, group));
  if (queue !== undefined) return explainQueue(deps, queue);
  const own = userQueueOf(names, name!);
  // A user may have a name that reads like a task's id.
  const isId = idTime(name!) !== undefined && (await countQueues(deps.connection, [own])).size === 0;
  return isId ? taskExplained(deps, name!) : explainQueue(deps, own);
}

async function taskExplained(deps: ExplainDeps, id: string): Promise<Explanation> {
  const found = await explainTask(deps, id);
  if (found !== undefined) return found;
  throw usageError('NO_TASK', `nobody has heard of a task ${JSON.stringify(id)}`, {
    hint: 'Look at its id, and at --prefix and --vhost; completions are kept for 7 days or 2 GB.',
  });
}
