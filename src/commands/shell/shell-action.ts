import type { Command } from 'commander';
import { SETTINGS } from '../../config/settings.js';
import { VERSION } from '../../process/version.js';
import { bashCompletion } from '../../render/shell/bash.js';
import { fishCompletion } from '../../render/shell/fish.js';
import { renderManPage } from '../../render/shell/man-page.js';
import { zshCompletion } from '../../render/shell/zsh.js';
import type { CommandResult } from '../shared/context.js';
import { treeOf } from './command-tree.js';
import { EXIT_CODE_MEANINGS } from './exit-code-meanings.js';
import type { Shell } from './shell-command.js';
export async function completion({
  shell,
  program,
}: {
  shell: Shell;
  program: Command;
}): Promise<CommandResult> {
  const tree = treeOf(program);
  const script =
    shell === 'bash' ? bashCompletion(tree) : shell === 'zsh' ? zshCompletion(tree) : fishCompletion(tree);
  return { document: { schemaVersion: 1, kind: 'completion', shell, script }, text: () => script };
}

export async function man({ program }: { program: Command }): Promise<CommandResult> {
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
