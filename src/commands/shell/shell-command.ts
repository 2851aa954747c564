import { Argument, type Command } from 'commander';
import { SETTINGS } from '../../config/settings.js';
import { usageError } from '../../core/errors/errors.js';
import { EXIT_CODE_MEANINGS } from '../../core/errors/exit-code.js';
import { VERSION } from '../../process/version.js';
import type { CommandResult, Run } from '../shared/context.js';
import { treeOf } from './command-tree.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/** `help`, `completion` and `man`: all from the commands themselves. */
export function registerShell(program: Command, run: Run): void {
  program
    .helpCommand(false)
    .command('help')
    .description('Show the help of a command.')
    .argument('[command...]', 'such as: queues prune')
    .action((path: string[]) => commandAt(program, path).outputHelp());
  program
    .command('completion')
    .description('Print what completes fairq at the TAB key, for a shell to source.')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .addHelpText(
      'after',
      `
Examples:
  source <(fairq completion bash)
  fairq completion zsh > ~/.zfunc/_fairq
  fairq completion fish > ~/.config/fish/completions/fairq.fish`,
    )
    .action((shell: Shell) => run(completion)({ shell, program }));
  program
    .command('man')
    .description('Print the manual page.')
    .addHelpText('after', '\nExamples:\n  fairq man | man -l -')
    .action(() => run(man)({ program }));
}

function commandAt(program: Command, path: readonly string[]): Command {
  let command = program;
  for (const name of path) {
    const below = command.commands.find((one) => one.name() === name);
    if (below === undefined) {
      throw usageError('NO_SUCH_COMMAND', `there is no command "${[...path].join(' ')}"`, {
        hint: `${command === program ? 'fairq' : command.name()} has ${command.commands.map((one) => one.name()).join(', ') || 'no commands below it'}.`,
      });
    }
    command = below;
  }
  return command;
}

async function completion({ shell, program }: { shell: Shell; program: Command }): Promise<CommandResult> {
  const tree = treeOf(program);
  const script =
    shell === 'bash'
      ? (await import('../../render/shell/bash.js')).bashCompletion(tree)
      : shell === 'zsh'
        ? (await import('../../render/shell/zsh.js')).zshCompletion(tree)
        : (await import('../../render/shell/fish.js')).fishCompletion(tree);
  return { document: { schemaVersion: 1, kind: 'completion', shell, script }, text: () => script };
}

async function man({ program }: { program: Command }): Promise<CommandResult> {
  const { renderManPage } = await import('../../render/shell/man-page.js');
  const variables = Object.values(SETTINGS).map(({ variable, help }): [string, string] => [variable, help]);
  const page = renderManPage({
    root: treeOf(program),
    version: VERSION,
    exitCodes: EXIT_CODE_MEANINGS,
    variables: [
      ...variables,
      ['FAIRQ_PASSWORD', 'the password'],
      ['FAIRQ_CONFIG', 'TOML file with these settings'],
    ],
  });
  return { document: { schemaVersion: 1, kind: 'man', page }, text: () => page };
}
