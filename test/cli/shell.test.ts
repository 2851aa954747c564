import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { fairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';

const folder = useFolder();
const has = (program: string) => spawnSync(program, ['--version']).status === 0;
for (const shell of ['bash', 'zsh', 'fish'].filter((name) => !has(name))) {
  console.error(`NOT RUN: completion in ${shell}, which is not here`);
}

async function scriptFor(shell: string): Promise<string> {
  const { code, stdout } = await fairq({}, 'completion', shell);
  expect(code).toBe(0);
  const file = folder.file(`completion.${shell}`);
  writeFileSync(file, stdout);
  return file;
}

function ask(shell: string, args: readonly string[], script: string): string[] {
  const { stdout, stderr, status } = spawnSync(shell, [...args, '-c', script], {
    encoding: 'utf8',
    cwd: folder.file('.'),
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout.split('\n').filter((line) => line !== '');
}

interface Ways {
  /** What is offered for the last of these words. */
  readonly offers: (...words: string[]) => string[];
}

const WAYS: Record<string, (file: string) => Ways> = {
  bash: (file) => ({
    offers: (...words) => {
      const all = ['fairq', ...words].map((word) => `'${word}'`).join(' ');
      const line = `source '${file}'; COMP_WORDS=(${all}); COMP_CWORD=${words.length}; _fairq; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return ask('bash', ['--norc', '--noprofile'], line);
    },
  }),
  // Its line editor needs a terminal: what the function hands to it is looked at instead.
  zsh: (file) => ({
    offers: (...words) => {
      const stubs = `_describe() { print -rl -- "\${(@)\${(P)@[-1]}%%:*}" }; compadd() { shift; print -rl -- "$@" }; _files() { print -rl -- *(N) }; _message() { : }`;
      const all = ['fairq', ...words].map((word) => `'${word}'`).join(' ');
      const found = ask(
        'zsh',
        ['-f'],
        `${stubs}; source '${file}'; words=(${all}); CURRENT=${words.length + 1}; _fairq`,
      );
      return found.filter((line) => line.startsWith(words.at(-1) ?? ''));
    },
  }),
  fish: (file) => ({
    offers: (...words) =>
      ask('fish', ['--no-config'], `source '${file}'; complete -C 'fairq ${words.join(' ')}'`).map(
        (line) => line.split('\t', 1)[0] ?? '',
      ),
  }),
};

describe.each(Object.keys(WAYS).filter(has))('completion in %s', (shell) => {
  let offers: Ways['offers'];
  beforeAll(async () => {
    writeFileSync(folder.file('weights.toml'), '');
    offers = WAYS[shell]!(await scriptFor(shell)).offers;
  });

  it('offers commands, those below them, and their options', () => {
    expect(offers('que')).toEqual(['queues']);
    expect(new Set(offers('queues', 'p'))).toEqual(new Set(['prune', 'purge']));
    expect(offers('queues', 'prune', '--idle')).toEqual(['--idle-for']);
    expect(offers('worker', '--idle')).toEqual(['--idle-for']);
    expect(offers('report', '--idle')).toEqual([]);
    expect(offers('completion', 'z')).toEqual(['zsh']);
  });

  it('offers the values that there are, and files where files are wanted', () => {
    expect(offers('worker', '--strategy', 'f')).toEqual(expect.arrayContaining(['fair', 'fifo']));
    expect(offers('worker', '--strategy', 'f')).toHaveLength(2);
    expect(offers('worker', '--weights', 'weig')).toEqual(['weights.toml']);
    expect(offers('report', 'weig')).toContain('weights.toml');
    expect(offers('publish', '--user', 'wei')).toEqual([]);
  });

  it('offers the options of the program everywhere', () => {
    expect(offers('--json')).toEqual(['--json']);
    expect(offers('queues', 'list', '--js')).toEqual(['--json']);
    expect(offers('--config', 'wei')).toEqual(['weights.toml']);
  });
});

describe('help', () => {
  it('is there for commands below commands, and says where there is none', async () => {
    const { code, stdout } = await fairq({}, 'help', 'queues', 'prune');
    expect(code).toBe(0);
    expect(stdout).toContain('Usage: fairq queues prune');
    expect(stdout).toContain('Examples:');
    const wrong = await fairq({}, 'help', 'queues', 'nope');
    expect(wrong.code).toBe(64);
    expect(wrong.stderr).toContain('queues has list, show, prune, purge, delete');
  });
});

describe.skipIf(!has('man'))('the manual page', () => {
  it('is read without a warning, and has every command, option and exit code', async () => {
    const file = folder.file('fairq.1');
    const { stdout: source } = await fairq({}, 'man');
    writeFileSync(file, source);
    const env = { ...process.env, MANWIDTH: '100', LC_ALL: 'C.UTF-8', MANPAGER: 'cat' };
    const { stdout, stderr, status } = spawnSync('man', ['--warnings', '-l', file], {
      encoding: 'utf8',
      env,
    });
    expect(status).toBe(0);
    expect(stderr).toBe('');
    const page = stdout.replaceAll(new RegExp(`.${String.fromCharCode(8)}`, 'g'), '');
    for (const text of [
      'fairq queues prune',
      '--idle-for time',
      'fairq report [files...]',
      'FAIRQ_URI',
      'EXIT STATUS',
    ]) {
      expect(page).toContain(text);
    }
    expect(page).toMatch(/\n +99 +a check failed/);
  });
});
