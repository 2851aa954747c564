import { randomUUID } from 'node:crypto';
import { accessSync, constants, lstatSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { notWritten as asNotWritten } from '../../core/errors/file-errors.js';
import { type Page, renderPage } from '../../render/html/page.js';
import type { HtmlFlags } from '../flags/html-flags.js';
import type { Context } from './context.js';

/** Before the work: a file that cannot be written is no news for the end of a long bench. */
export function checkHtmlFile({ html }: HtmlFlags): void {
  if (html === undefined) return;
  try {
    if (!isReplaceable(html)) {
      accessSync(html, constants.W_OK);
      return;
    }
    const probe = `${html}.${randomUUID()}`;
    writeFileSync(probe, '', { flag: 'wx' });
    rmSync(probe);
  } catch (error) {
    throw notWritten(html, error);
  }
}

/** Whole or not at all, over the file that was there; a device, a pipe or a link is written to, and stays. */
export async function writeHtmlFile(
  flags: HtmlFlags,
  page: () => Promise<Page>,
  context: Context,
): Promise<void> {
  await writeHtmlText(flags, async () => renderPage(await page()), context);
}

/** The same of a page that is text already. */
export async function writeHtmlText(
  { html }: HtmlFlags,
  page: () => Promise<string>,
  context: Context,
): Promise<void> {
  if (html === undefined) return;
  const text = await page();
  const isWhole = isReplaceable(html);
  const half = isWhole ? `${html}.${randomUUID()}` : html;
  try {
    writeFileSync(half, text);
    if (isWhole) renameSync(half, html);
  } catch (error) {
    if (isWhole) rmSync(half, { force: true });
    throw notWritten(html, error);
  }
  context.say(`page: ${html}`);
}

/** Renaming a file over a device such as /dev/stdout would do away with the device. */
function isReplaceable(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? true;
}

function notWritten(file: string, error: unknown): Error {
  return asNotWritten('FILE_NOT_MADE', `--html ${file}`, error, 'Name a file in a folder that is there.');
}
