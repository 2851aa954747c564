import type { Command } from 'commander';
import { parseCount } from '../../core/values/quantities.js';
import type { Run } from '../shared/context.js';

const actions = () => import('./broker-action.js');

export interface StartFlags {
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
    .action(run(async () => (await actions()).start));
  broker
    .command('stop')
    .description('Stop it; its data stays.')
    .addHelpText('after', '\nExamples:\n  fairq broker stop')
    .action(run(async () => (await actions()).stop));
  broker
    .command('status')
    .description('Whether it runs, and where.')
    .addHelpText('after', '\nEnds with 3 where it does not run.\n\nExamples:\n  fairq broker status --json')
    .action(run(async () => (await actions()).status));
}
