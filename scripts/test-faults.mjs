// Sets up what is missing, then strikes fairq with faults under load; ends with a table and the counts.
// Arguments go to vitest: `npm run test:faults -- broker`, `npm run test:faults -- -t 'killed'`.
// FAIRQ_FAULT_SEED makes the faults strike at the same shares of the load again.
//
//   npm run test:faults
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setUp } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const results = `${root}.fairq/fault-test-results.json`;
const rows = `${root}.fairq/faults`;
const { env } = await setUp();
if (Object.keys(env).length > 0) {
  console.error('The fault tests kill brokers of their own, and need an installed rabbitmq-server for that.');
  process.exit(1);
}

const seed = process.env.FAIRQ_FAULT_SEED ?? String(Math.floor(Math.random() * 1e9));
console.error(`FAIRQ_FAULT_SEED=${seed}`);
mkdirSync(`${root}.fairq`, { recursive: true });
for (const old of [rows, results]) rmSync(old, { recursive: true, force: true });
const { status } = spawnSync(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--project=faults',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${results}`,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, FAIRQ_FAULT_SEED: seed } },
);

if (existsSync(rows))
  printTable(readdirSync(rows).map((row) => JSON.parse(readFileSync(`${rows}/${row}`, 'utf8'))));
if (existsSync(results)) {
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(results, 'utf8'));
  console.log(`\n${numPassedTests} passed, ${numFailedTests} failed; FAIRQ_FAULT_SEED=${seed}`);
}
process.exitCode = status === 0 ? 0 : 1;

function printTable(faults) {
  const head = ['fault', 'versions', 'tasks', 'repeats', 'seconds to recover'];
  const lines = faults.map(({ fault, versions, tasks, repeats, secondsToRecover }) => [
    fault,
    versions,
    tasks.toLocaleString('en-US'),
    String(repeats),
    secondsToRecover === null ? '-' : secondsToRecover.toFixed(1),
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i].length)));
  const print = (cells) =>
    console.log(
      cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '),
    );
  console.log('');
  for (const line of [head, ...lines]) print(line);
}
