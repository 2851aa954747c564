import { onBroker } from '../../broker/on-broker.js';
import { usageError } from '../../core/errors/errors.js';
import { idGenerator } from '../../process/identity.js';
import { renderRunning } from '../../render/running-text.js';
import { findRunning } from '../../run/tasks/find-running.js';
import type { CommandResult, Context } from '../shared/context.js';
import { MOST, type TasksFlags } from './tasks-command.js';
export async function tasks({ longerThan, limit }: TasksFlags, context: Context): Promise<CommandResult> {
  if (limit > MOST) {
    throw usageError('BAD_LIMIT', `--limit ${limit}: a worker tells of ${MOST} tasks at the most`, {
      hint: `Give at most ${MOST}, or a longer --longer-than.`,
    });
  }
  const config = await context.config();
  return onBroker(config, 'fairq tasks', {}, async ({ connection, management }) => {
    const { names } = config;
    const onWaiting = (silent: readonly string[], ms: number) => {
      const who = silent.length === 1 ? silent[0] : `${silent.length} workers`;
      context.say(`no answer from ${who} yet: waiting for ${Math.ceil(ms / 1_000)} s more at most`);
    };
    const newId = idGenerator(context);
    const deps = { connection, management, names, clock: context.clock, newId, onWaiting };
    const found = await Promise.race([findRunning(deps, longerThan, limit), connection.lost]);
    return {
      document: { schemaVersion: 1, kind: 'running-tasks', ...found },
      text: (style) => renderRunning(found, style),
    };
  });
}
