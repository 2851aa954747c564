// Runs the tests, and knows how many of them passed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const KINDS = ['numPassedTests', 'numFailedTests', 'numPendingTests', 'numTodoTests'];

/**
 * Runs the tests in two processes side by side, each with half of the files and a broker of its own: most tests wait
 * for most of their time.
 */
export async function runVitestInHalves(name, args, env = process.env) {
  const halves = [1, 2].map((half) =>
    runVitest(`${name}-${half}`, ['--passWithNoTests', `--shard=${half}/2`, ...args], env),
  );
  const outcomes = await Promise.all(halves);
  return {
    counts: outcomes.map(({ counts }) => counts).reduce(addCounts),
    succeeded: outcomes.every(({ succeeded }) => succeeded),
  };
}

/**
 * @param name of the file of results in `.fairq`
 * @param args for vitest
 * @returns `succeeded`, and `counts`, which are undefined where vitest has not come as far as a test
 */
export async function runVitest(name, args, env = process.env) {
  const results = `${root}.fairq/${name}.json`;
  mkdirSync(`${root}.fairq`, { recursive: true });
  rmSync(results, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  const command = ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...args];
  const child = spawn(process.execPath, command, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env });
  const [status] = await once(child, 'close');
  return { succeeded: status === 0, counts: countsIn(results) };
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

function countsIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
