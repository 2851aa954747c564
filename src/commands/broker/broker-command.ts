import type { Command } from 'commander';
import type { KeptNodeStatus } from '../../broker/node/kept-node.js';
import { parseCount } from '../../core/values/quantities.js';
import type { CommandResult, Context, Run } from '../shared/context.js';

interface StartFlags {
  port?: number;
  managementPort?: number;
}

export function registerBroker(program: Command, run: Run): void {
  const broker = program
    .command('broker')
    .description(
      'A RabbitMQ node of your own on this machine, apart from any other; other commands find it.',
    );
  const port = (flag: string) => (text: string) => parseCount(text, flag, 1, 65_535);
  broker
    .command('start')
    .description('Start it (about 4 s) and say where it is.')
    .option('--port <n>', 'for AMQP (default: a free one)', port('--port'))
    .option(
      '--management-port <n>',
      'for the management API (default: a free one)',
      port('--management-port'),
    )
    .addHelpText('after', '\nExamples:\n  fairq broker start\n  fairq broker start --port 5673')
    .action(run(start));
  broker
    .command('stop')
    .description('Stop it; its data stays.')
    .addHelpText('after', '\nExamples:\n  fairq broker stop')
    .action(run(stop));
  broker
    .command('status')
    .description('Whether it runs, and where.')
    .addHelpText('after', '\nEnds with 3 where it does not run.\n\nExamples:\n  fairq broker status --json')
    .action(run(status));
}

async function start(flags: StartFlags, context: Context): Promise<CommandResult> {
  const { defaultStateDir, startKeptNode } = await import('../../broker/node/kept-node.js');
  const { showProgress } = await import('../shared/progress.js');
  const progress = await showProgress(context, () => 'starting RabbitMQ');
  try {
    return describe(await startKeptNode(defaultStateDir(context.io.env), flags));
  } finally {
    progress.stop();
  }
}

async function stop(_flags: object, context: Context): Promise<CommandResult> {
  const { defaultStateDir, stopKeptNode } = await import('../../broker/node/kept-node.js');
  return describe(await stopKeptNode(defaultStateDir(context.io.env)));
}

async function status(_flags: object, context: Context): Promise<CommandResult> {
  const { defaultStateDir, keptNodeStatus } = await import('../../broker/node/kept-node.js');
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
