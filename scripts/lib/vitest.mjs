// Runs the tests, and knows how many of them passed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tableOf } from './table.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const SHOWN = 10;
/** Of why a test failed. */
const FIRST_LINES = 12;
const MOST_LETTERS = 300;
const KINDS = ['numPassedTests', 'numFailedTests', 'numPendingTests', 'numTodoTests'];

/**
 * @param name of the file of results in `.fairq`
 * @param args for vitest
 * @param options.program of Node
 * @returns `succeeded`, `slowest` tests, `failed` tests, and `counts`, which are undefined where vitest has not come as far
 * as a test
 */
export async function runVitest(name, args, { env = process.env, program = process.execPath } = {}) {
  const results = `${root}.fairq/${name}.json`;
  mkdirSync(`${root}.fairq`, { recursive: true });
  rmSync(results, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  const command = ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...args];
  const child = spawn(program, command, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env });
  const [status] = await once(child, 'close');
  const read = resultsIn(results);
  return {
    succeeded: status === 0,
    counts: read,
    slowest: slowestOf(testsIn(read)),
    failed: failuresIn(read),
  };
}

export function addCounts(some, more) {
  if (some === undefined || more === undefined) return some ?? more;
  return Object.fromEntries(KINDS.map((kind) => [kind, some[kind] + more[kind]]));
}

export function countsText(counts) {
  if (counts === undefined) return 'no test was run';
  const skipped = counts.numPendingTests + counts.numTodoTests;
  const texts = [`${counts.numPassedTests} passed`, `${counts.numFailedTests} failed`];
  return [...texts, ...(skipped > 0 ? [`${skipped} skipped`] : [])].join(', ');
}

/** Each test with its seconds, its file and its name. */
function testsIn(results) {
  return (results?.testResults ?? []).flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ duration = 0, fullName }) => ({
      seconds: duration / 1000,
      file: relative(`${root}test`, name),
      name: fullName,
    })),
  );
}

export function slowestOf(tests) {
  return tests.toSorted((one, other) => other.seconds - one.seconds).slice(0, SHOWN);
}

export function slowestText(slowest) {
  if (slowest.length === 0) return '';
  const lines = slowest.map(({ seconds, file, name }) => [`${seconds.toFixed(1)} s`, file, name]);
  return `the slowest tests:\n${tableOf(lines)}`;
}

/** Each failed test, and each file that failed as a whole, with the first lines of why. */
function failuresIn(results) {
  return (results?.testResults ?? []).flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(`${root}test`, name);
    const failed = assertionResults
      .filter((test) => test.status === 'failed')
      .map(({ fullName, failureMessages }) => ({ file, name: fullName, why: failureMessages.join('\n') }));
    return failed.length > 0 || status !== 'failed' ? failed : [{ file, name: 'the file', why: message }];
  });
}

/** A long log is cut where it is kept: what failed is said once more at its end. */
export function failedText(failed) {
  return failed.map(({ file, name, why }) => `FAILED ${file}: ${name}\n${firstLines(why)}`).join('\n');
}

function firstLines(text) {
  const lines = text
    .split('\n')
    .filter((line) => !line.includes('node_modules'))
    .slice(0, FIRST_LINES);
  return lines.map((line) => `    ${line.slice(0, MOST_LETTERS)}`).join('\n');
}

function resultsIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
