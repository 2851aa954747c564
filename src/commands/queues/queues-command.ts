import type { Command } from 'commander';
import type { Run } from '../shared/context.js';
import { registerDelete } from './delete-command.js';
import { registerList } from './list-command.js';
import { registerPrune } from './prune-command.js';
import { registerPurge } from './purge-command.js';
import { registerShow } from './show-command.js';

export function registerQueues(program: Command, run: Run): void {
  const queues = program
    .command('queues')
    .description('The user queues: look at them, and clear away what nobody needs.');
  registerList(queues, run);
  registerShow(queues, run);
  registerPrune(queues, run);
  registerPurge(queues, run);
  registerDelete(queues, run);
}
