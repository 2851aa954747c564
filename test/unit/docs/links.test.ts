import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { allPages, codeSpansOf, deadLinks, readPage, writtenPages } from '../../support/markdown.js';

it.each(allPages())('%s links to nothing that is not there', (page) => {
  expect(deadLinks(page)).toEqual([]);
});

it.each(writtenPages())('%s names no file of the source that is not there', (page) => {
  const paths = codeSpansOf(readPage(page)).filter((code) => /^(src|test|scripts|docs)\/\S+$/.test(code));
  expect(paths.filter((path) => !existsSync(path))).toEqual([]);
});
