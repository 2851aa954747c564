import type { Command } from 'commander';
import type { Run } from '../shared/context.js';
import { registerApply } from './apply-command.js';
import { registerLooks } from './look-command.js';
import { registerSet, registerUnset } from './set-command.js';

export function registerPolicy(program: Command, run: Run): void {
  const policy = program
    .command('policy')
    .description('What you set for users while their tasks run: weight, cap, rate, pause, backlog limit.');
  registerSet(policy, run);
  registerUnset(policy, run);
  registerLooks(policy, run);
  registerApply(policy, run);
}
