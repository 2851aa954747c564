import { type Command, Option } from 'commander';
import { SETTINGS, type Setting } from '../../config/settings.js';

/** Those that every command has. */
export function addGlobalOptions(program: Command): void {
  const settings: readonly Setting[] = Object.values(SETTINGS);
  for (const { flag, help, variable, repeats } of settings) {
    const option = new Option(flag, `${help} [${variable}]`);
    if (repeats) option.argParser((text, before) => (before === undefined ? text : `${before},${text}`));
    program.addOption(option);
  }
  program
    .option('--config <file>', 'TOML file with these settings [FAIRQ_CONFIG]')
    .option('--json', 'one JSON document on stdout')
    .option('-q, --quiet', 'no progress and no notes')
    .option('-v, --verbose', 'say more; stack traces for unexpected errors')
    .option('--no-color', 'no colour [NO_COLOR]')
    .option('--no-input', 'never ask; what needs an answer is refused');
}
