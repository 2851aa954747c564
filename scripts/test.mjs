// Sets up what is missing, then lint, types and every test; ends with the counts. Arguments go to
// vitest: `npm test -- --project unit`, `npm test -- -t 'a new user'`.
//
//   npm test
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setUp } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const results = `${root}.fairq/test-results.json`;
const { env } = await setUp();

function step(name, ...command) {
  console.error(`\n— ${name}`);
  const { status } = spawnSync(process.execPath, command, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  return status === 0;
}

// The faults take long, and have a command of their own: `npm run test:faults`.
const given = process.argv.slice(2);
const projects = given.some((word) => word.startsWith('--project'))
  ? []
  : ['--project=unit', '--project=broker'];

const linted = step('lint', 'node_modules/@biomejs/biome/bin/biome', 'check', '.');
mkdirSync(`${root}.fairq`, { recursive: true });
const tested = step(
  'tests',
  'node_modules/vitest/vitest.mjs',
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${results}`,
  ...projects,
  ...given,
);

const counts = JSON.parse(readFileSync(results, 'utf8'));
const skipped = counts.numPendingTests + counts.numTodoTests;
if (!linted) console.log('lint failed: "npm run format" mends what can be mended');
console.log(
  `${counts.numPassedTests} passed, ${counts.numFailedTests} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
);
process.exitCode = linted && tested ? 0 : 1;
