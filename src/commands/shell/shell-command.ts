import { Argument, type Command } from 'commander';
import { usageError } from '../../core/errors/errors.js';
import type { Run } from '../shared/context.js';

const actions = () => import('./shell-action.js');

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof SHELLS)[number];

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
    .action((shell: Shell) => run(async () => (await actions()).completion)({ shell, program }));
  program
    .command('man')
    .description('Print the manual page.')
    .addHelpText('after', '\nExamples:\n  fairq man | man -l -')
    .action(() => run(async () => (await actions()).man)({ program }));
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
