import { expect, it } from 'vitest';
import { treeOf } from '../../../src/commands/shell/command-tree.js';
import { allCommands } from '../../../src/core/reports/command-node.js';
import { callsIn, program } from '../../support/command-lines.js';

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
