import type { Command } from 'commander';
import type { Run } from '../shared/context.js';
import { registerSetUnits } from './set-command.js';
import { registerShowUnits } from './show-command.js';

export function registerUnits(program: Command, run: Run): void {
  const units = program
    .command('units')
    .description('What has a queue: each user, or each heavy one, while all light users share some.');
  registerShowUnits(units, run);
  registerSetUnits(units, run);
}
