import { expect, it } from 'vitest';
import { readPageFiles } from '../../../dist/serve/page-files.js';

/** Of what a browser loads before it shows the page, compressed. */
const MOST_BYTES = 100 * 1024;

it('sends a browser less than 100 KB', async () => {
  const files = Object.entries(await readPageFiles());
  const bytes = files.map(([name, { packed }]) => [name, packed.length] as const);
  const sum = bytes.reduce((total, [, length]) => total + length, 0);
  expect(bytes.every(([, length]) => length > 0)).toBe(true);
  expect(sum, bytes.map(([name, length]) => `${name}: ${length}`).join(', ')).toBeLessThan(MOST_BYTES);
});
