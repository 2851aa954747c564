import { Command } from 'commander';
import { expect, it } from 'vitest';
import { treeOf } from '../../../src/commands/command-tree.js';
import type { Run } from '../../../src/commands/context.js';
import { addGlobalOptions } from '../../../src/commands/global-options.js';
import { registerCommands } from '../../../src/commands/index.js';
import { allCommands } from '../../../src/core/command-tree.js';

/** Takes every command line apart, and runs none. */
function program(): Command {
  const parser = new Command('fairq')
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} });
  addGlobalOptions(parser);
  const run: Run = () => async () => {};
  registerCommands(parser, run);
  return parser;
}

/** What of a line of the shell is a call of fairq. */
function callsIn(line: string): string[][] {
  const calls = line.split(/\s\|\s|<\(|\)$/).map((part) => part.split(/\s>\s/, 1)[0]!.trim());
  return calls
    .filter((call) => call.startsWith('fairq '))
    .map((call) => [...call.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? ''));
}

const commands = allCommands(treeOf(program())).filter((command) => command.commands.length === 0);

it.each(
  commands.filter(({ name }) => name !== 'help').map(({ path, examples }) => [path, examples] as const),
)('%s has examples that it takes', async (path, examples) => {
  expect(examples.length).toBeGreaterThan(0);
  for (const example of examples) {
    const calls = callsIn(example);
    expect(calls.length, example).toBeGreaterThan(0);
    for (const [, ...words] of calls) await program().parseAsync(words, { from: 'user' });
  }
  expect(examples.join('\n')).toContain(path);
});

it('takes nothing that it does not know', async () => {
  await expect(program().parseAsync(['report', '--nope'], { from: 'user' })).rejects.toThrow(
    /unknown option/,
  );
});
