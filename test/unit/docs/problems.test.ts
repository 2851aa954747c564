import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readPage } from '../../support/markdown.js';

it('docs/http.md lists every type of problem that the server has, and no other', () => {
  const files = readdirSync('src/serve', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const made = files.flatMap((file) => {
    const text = readFileSync(join('src/serve', file), 'utf8');
    return [...text.matchAll(/new Problem\(\s*(\d+),\s*'([^']+)'/g)].map(
      ([, status, slug]) => `${slug} ${status}`,
    );
  });
  const [, table = ''] = readPage('docs/http.md').split('## Problems');
  const listed = [...table.matchAll(/^\| (`.*?) \| (\d+) \|/gm)].flatMap(([, slugs = '', status]) =>
    [...slugs.matchAll(/`([^`]+)`/g)].map(([, slug]) => `${slug} ${status}`),
  );
  expect([...new Set(listed)].sort()).toEqual([...new Set(made)].sort());
});
