import { Command } from 'commander';
import { addGlobalOptions } from '../../src/commands/flags/global-options.js';
import { registerCommands } from '../../src/commands/register.js';
import type { Run } from '../../src/commands/shared/context.js';

/** Takes every command line apart, and runs none. */
export function program(): Command {
  const parser = new Command('fairq')
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} });
  addGlobalOptions(parser);
  const run: Run = () => async () => {};
  registerCommands(parser, run);
  return parser;
}

/** What of a line of the shell is a call of fairq. */
export function callsIn(line: string): string[][] {
  const calls = line.split(/\s\|\s|<\(|\)$/).map((part) => part.split(/\s>\s/, 1)[0]!.trim());
  return calls
    .filter((call) => call.startsWith('fairq '))
    .map((call) => [...call.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? ''));
}
