import type { Command } from 'commander';

export interface HtmlFlags {
  html?: string;
}

export function withHtmlOption(command: Command): Command {
  return command.option('--html <file>', 'write it as a page to look at, too: one file, for any browser');
}
