import { expect, it } from 'vitest';
import { readPage, sentencesOf, wordsIn, writtenPages } from '../../support/markdown.js';

const MOST_WORDS = 25;

it.each(writtenPages())(`%s has no sentence of more than ${MOST_WORDS} words`, (page) => {
  const long = sentencesOf(readPage(page)).filter((sentence) => wordsIn(sentence) > MOST_WORDS);
  expect(long).toEqual([]);
});

it.each([
  ['README.md', 160],
  ['ARCHITECTURE.md', 80],
])('%s has at most %i lines: depth has its own page', (page, most) => {
  expect(readPage(page).trimEnd().split('\n').length).toBeLessThanOrEqual(most);
});

it('a sentence is found in a paragraph and in an item of a list, and nowhere else', () => {
  const page = `
# A heading of many words

A first one,
on two lines. "A second"!

- an item
- \`some code. more\` and [a link. of two](x.md)

| a cell | of a table |

\`\`\`text
code. more
\`\`\`
`;
  expect(sentencesOf(page)).toEqual([
    'A first one, on two lines.',
    '"A second"!',
    'an item',
    'CODE and a link.',
    'of two',
  ]);
  expect(wordsIn('A first one, on – two lines.')).toBe(6);
});
