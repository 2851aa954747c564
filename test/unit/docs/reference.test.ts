import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { referencePages } from '../../../scripts/lib/reference-pages.mjs';
import { treeOf } from '../../../src/commands/shell/command-tree.js';
import { EXIT_CODE_MEANINGS } from '../../../src/commands/shell/exit-code-meanings.js';
import { SETTINGS } from '../../../src/config/settings.js';
import { program } from '../../support/command-lines.js';
import { readPage } from '../../support/markdown.js';

const pages = referencePages({
  root: treeOf(program()),
  exitCodes: EXIT_CODE_MEANINGS,
  settings: Object.values(SETTINGS),
});

it('the reference has a page for each verb, and no other (mended by: npm run reference)', () => {
  expect(readdirSync('docs/reference').sort()).toEqual([...pages.keys()].sort());
});

it.each([...pages])(
  'docs/reference/%s says what the commands say (mended by: npm run reference)',
  (name, page) => {
    expect(readPage(`docs/reference/${name}`)).toBe(page);
  },
);
