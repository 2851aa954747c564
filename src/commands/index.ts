import type { Command } from 'commander';
import { registerBench } from './bench/index.js';
import { registerBroker } from './broker.js';
import type { Run } from './context.js';
import { registerDead } from './dead.js';
import { registerDoctor } from './doctor.js';
import { registerPublish } from './publish/index.js';
import { registerQueues } from './queues/index.js';
import { registerReport } from './report.js';
import { registerShell } from './shell.js';
import { registerTask } from './task.js';
import { registerTasks } from './tasks.js';
import { registerTop } from './top.js';
import { registerWorker } from './worker/index.js';

/** Every verb, in the order of the help. */
export function registerCommands(program: Command, run: Run): void {
  registerPublish(program, run);
  registerWorker(program, run);
  registerReport(program, run);
  registerTask(program, run);
  registerTasks(program, run);
  registerQueues(program, run);
  registerTop(program, run);
  registerDead(program, run);
  registerDoctor(program, run);
  registerBench(program, run);
  registerBroker(program, run);
  registerShell(program, run);
}
