import {
  defaultStateDir,
  type KeptNodeStatus,
  keptNodeStatus,
  startKeptNode,
  stopKeptNode,
} from '../../broker/node/kept-node.js';
import type { CommandResult, Context } from '../shared/context.js';
import { showProgress } from '../shared/progress.js';
import type { StartFlags } from './broker-command.js';
export async function start(flags: StartFlags, context: Context): Promise<CommandResult> {
  const progress = await showProgress(context, () => 'starting RabbitMQ');
  try {
    return describe(await startKeptNode(defaultStateDir(context.io.env), flags));
  } finally {
    progress.stop();
  }
}

export async function stop(_flags: object, context: Context): Promise<CommandResult> {
  return describe(await stopKeptNode(defaultStateDir(context.io.env)));
}

export async function status(_flags: object, context: Context): Promise<CommandResult> {
  const found = await keptNodeStatus(defaultStateDir(context.io.env));
  // A script that asks is not to take a node that has failed for one that runs.
  return { ...describe(found), endsAs: found.running ? undefined : 'partial' };
}

function describe(status: KeptNodeStatus): CommandResult {
  return {
    document: { schemaVersion: 1, kind: 'broker', ...status },
    text: () => {
      if (!status.running) {
        const why = status.reason === undefined ? '' : `: ${status.reason}`;
        return `Not running${why}\ndata        ${status.dataFolder}`;
      }
      return [
        `RabbitMQ ${status.version} is running`,
        `AMQP        ${status.uri}`,
        `management  ${status.managementUri}  (guest, guest)`,
        `data        ${status.dataFolder}`,
      ].join('\n');
    },
  };
}
