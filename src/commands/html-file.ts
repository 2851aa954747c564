import { randomUUID } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { notWritten as asNotWritten } from '../file-errors.js';
import type { Page } from '../render/html/page.js';
import type { Context } from './context.js';

export interface HtmlFlags {
  html?: string;
}

export function withHtmlOption(command: Command): Command {
  return command.option('--html <file>', 'write it as a page to look at, too: one file, for any browser');
}

/** Before the work: a file that cannot be written is no news for the end of a long bench. */
export function checkHtmlFile({ html }: HtmlFlags): void {
  if (html === undefined) return;
  try {
    const probe = `${html}.${randomUUID()}`;
    writeFileSync(probe, '', { flag: 'wx' });
    rmSync(probe);
  } catch (error) {
    throw notWritten(html, error);
  }
}

/** Whole or not at all, over what was there. */
export async function writeHtmlFile(
  { html }: HtmlFlags,
  page: () => Promise<Page>,
  context: Context,
): Promise<void> {
  if (html === undefined) return;
  const { renderPage } = await import('../render/html/page.js');
  const text = renderPage(await page());
  const half = `${html}.${randomUUID()}`;
  try {
    writeFileSync(half, text);
    renameSync(half, html);
  } catch (error) {
    rmSync(half, { force: true });
    throw notWritten(html, error);
  }
  context.say(`page: ${html}`);
}

function notWritten(file: string, error: unknown): Error {
  return asNotWritten('FILE_NOT_MADE', `--html ${file}`, error, 'Name a file in a folder that is there.');
}
