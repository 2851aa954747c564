import type { Command } from 'commander';
import { registerBench } from './bench/bench-command.js';
import { registerBroker } from './broker/broker-command.js';
import { registerDead } from './dead/dead-command.js';
import { registerDoctor } from './doctor/doctor-command.js';
import { registerExplain } from './explain/explain-command.js';
import { registerPause, registerResume } from './pause/pause-command.js';
import { registerPlan } from './plan/plan-command.js';
import { registerPolicy } from './policy/policy-command.js';
import { registerPublish } from './publish/publish-command.js';
import { registerQueues } from './queues/queues-command.js';
import { registerReport } from './report/report-command.js';
import { registerServe } from './serve/serve-command.js';
import type { Run } from './shared/context.js';
import { registerShell } from './shell/shell-command.js';
import { registerSimulate } from './simulate/simulate-command.js';
import { registerTask } from './task/task-command.js';
import { registerTasks } from './task/tasks-command.js';
import { registerTop } from './top/top-command.js';
import { registerUnits } from './units/units-command.js';
import { registerWorker } from './worker/worker-command.js';

/** Every verb, in the order of the help. */
export function registerCommands(program: Command, run: Run): void {
  registerPublish(program, run);
  registerWorker(program, run);
  registerReport(program, run);
  registerTask(program, run);
  registerTasks(program, run);
  registerServe(program, run);
  registerQueues(program, run);
  registerUnits(program, run);
  registerTop(program, run);
  registerPolicy(program, run);
  registerPause(program, run);
  registerResume(program, run);
  registerExplain(program, run);
  registerDead(program, run);
  registerDoctor(program, run);
  registerBench(program, run);
  registerPlan(program, run);
  registerSimulate(program, run);
  registerBroker(program, run);
  registerShell(program, run);
}
