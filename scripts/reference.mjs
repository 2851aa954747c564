// Writes docs/reference from the commands: npm run reference.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { build } from './lib/build.mjs';
import { referencePages } from './lib/reference-pages.mjs';
import { root, say } from './lib/run.mjs';

await build();
const { treeOf } = await import('../dist/commands/shell/command-tree.js');
const { addGlobalOptions } = await import('../dist/commands/flags/global-options.js');
const { registerCommands } = await import('../dist/commands/register.js');
const { EXIT_CODE_MEANINGS } = await import('../dist/commands/shell/exit-code-meanings.js');
const { SETTINGS } = await import('../dist/config/settings.js');

const program = new Command('fairq');
addGlobalOptions(program);
registerCommands(program, () => async () => {});
const pages = referencePages({
  root: treeOf(program),
  exitCodes: EXIT_CODE_MEANINGS,
  settings: Object.values(SETTINGS),
});

const folder = join(root, 'docs', 'reference');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [name, page] of pages) writeFileSync(join(folder, name), page);
say(`${pages.size} pages in docs/reference`);
