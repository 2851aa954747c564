import { CommanderError } from 'commander';
import { expect, it } from 'vitest';
import { callsIn, program } from '../../support/command-lines.js';
import { codeLinesOf, codeSpansOf, readPage, writtenPages } from '../../support/markdown.js';

/** What the shell sees of a line: no prompt, no comment, and nothing that is left out. */
function asTyped(line: string): string {
  return line
    .replace(/^.*?\$ (?=\S)/, '')
    .replace(/^\w+=\S*\/fairq(?= )/, 'fairq')
    .replace(/^npx (?=fairq )/, '')
    .replace(/\s+#\s.*$/, '')
    .replace(/\s&$/, '')
    .replaceAll(/\s…/g, '');
}

interface CommandLine {
  readonly text: string;
  /** It stands within a sentence, which may name a command and leave out what it is given. */
  readonly isMention: boolean;
}

function commandLinesOf(page: string): CommandLine[] {
  const code = codeLinesOf(page).filter((line) => /^\s*(\$ |\w+=\S*\/fairq )/.test(line));
  return [
    ...code.map((line) => ({ text: asTyped(line.trim()), isMention: false })),
    ...codeSpansOf(page).map((span) => ({ text: asTyped(span), isMention: true })),
  ];
}

const LEFT_OUT = [
  'commander.help',
  'commander.missingArgument',
  'commander.missingMandatoryOptionValue',
  'commander.optionMissingArgument',
];

async function isTaken(words: readonly string[], isMention: boolean): Promise<boolean> {
  try {
    await program().parseAsync(words, { from: 'user' });
    return true;
  } catch (error) {
    return isMention && error instanceof CommanderError && LEFT_OUT.includes(error.code);
  }
}

/** The calls that fairq does not take. */
async function wrongCallsIn(page: string): Promise<string[]> {
  const wrong: string[] = [];
  for (const { text, isMention } of commandLinesOf(page)) {
    for (const [, ...words] of callsIn(text)) {
      if (!(await isTaken(words, isMention))) wrong.push(`fairq ${words.join(' ')}`);
    }
  }
  return wrong;
}

it.each(writtenPages())('%s has no command line that fairq does not take', async (page) => {
  expect(await wrongCallsIn(readPage(page))).toEqual([]);
});

it('a wrong flag and a wrong verb are noticed wherever they stand', async () => {
  const page = `
Say \`fairq report --nope\`, \`fairq dead\` or \`fairq task\`, or

\`\`\`console
$ echo '{}' | fairq publish --from - --nope
$ npx fairq deploy   # no such verb
$ fairq queues list 'team-*' | head -1
$ fairq task
\`\`\`
`;
  expect(await wrongCallsIn(page)).toEqual([
    'fairq publish --from - --nope',
    'fairq deploy',
    'fairq task',
    'fairq report --nope',
  ]);
});
