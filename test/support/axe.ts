import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults, ImpactValue } from 'axe-core';
import type { BrowserPage } from './browser-page.js';

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SERIOUS: readonly ImpactValue[] = ['serious', 'critical'];

/**
 * What keeps people from using a page that is shown, as axe-core finds it: nothing, or a line for each element. Its
 * source comes by the debugger, so the page's own rules do not keep it out.
 */
export async function axeFindings(page: BrowserPage, selector?: string): Promise<string[]> {
  await page.evaluate(`${SOURCE}; 0`);
  const about = selector === undefined ? 'document' : JSON.stringify(selector);
  const { violations } = await page.evaluate<Pick<AxeResults, 'violations'>>(
    `axe.run(${about}, { resultTypes: ['violations'] }).then(({ violations }) => ({ violations }))`,
  );
  return violations
    .filter(({ impact }) => impact !== undefined && SERIOUS.includes(impact))
    .flatMap(({ id, help, nodes }) =>
      nodes.map(
        ({ html, any }) => `${id}: ${help}: ${html} (${any.map(({ message }) => message).join('; ')})`,
      ),
    );
}
