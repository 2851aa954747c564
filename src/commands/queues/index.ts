import type { Command } from 'commander';
import type { Run } from '../context.js';
import { registerDelete } from './delete.js';
import { registerList } from './list.js';
import { registerPrune } from './prune.js';
import { registerPurge } from './purge.js';
import { registerShow } from './show.js';

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
