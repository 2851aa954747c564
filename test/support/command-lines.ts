import { Command } from 'commander';
import type { Run } from '../../src/commands/context.js';
import { addGlobalOptions } from '../../src/commands/global-options.js';
import { registerCommands } from '../../src/commands/index.js';

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
