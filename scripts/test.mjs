// Sets up what is missing, then lint, types and the tests; ends with the counts. Arguments go to vitest, and choose among
// all tests: `npm test -- --project unit`, `npm test -- -t 'a new user'`.
//
//   npm test              all but the long ones
//   npm run test:long     the files that end in `.long.test.ts`, without lint and types
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { provideTestTools } from './lib/test-tools.mjs';
import { countsText, failedText, runVitest, slowestText } from './lib/vitest.mjs';
import { setUp } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** These play a load, start several brokers or other programs, or wait for long. */
const LONG = '.long.test.ts';
const isLong = process.argv.includes('--long');
const given = process.argv.slice(2).filter((word) => word !== '--long');
const { env } = await setUp();
await provideTestTools();

// The first tests wait for their broker to start: lint and types use that time.
const checks = isLong
  ? []
  : [
      check('lint', 'node_modules/@biomejs/biome/bin/biome', 'check', '.'),
      check('types of the tests', 'node_modules/typescript/bin/tsc', '-p', 'test/tsconfig.json'),
    ];

console.error(`\n— ${isLong ? 'the long tests' : 'lint, types and tests'}`);
// The faults take longest, and have a command of their own: `npm run test:faults`.
const projects = given.some((word) => word.startsWith('--project'))
  ? []
  : ['unit', 'wire', 'cli', 'page'].map((project) => `--project=${project}`);
const isWhole = !isLong && given.length === 0;
const chosen = isLong ? [LONG] : isWhole ? [`--exclude=**/*${LONG}`] : [];
const { succeeded, counts, slowest, failed } = await runVitest(
  isLong ? 'long-test-results' : 'test-results',
  [...projects, ...chosen, ...given],
  { env: { ...process.env, ...env } },
);

console.log(slowestText(slowest));
if (failed.length > 0) console.log(failedText(failed));
const failedChecks = (await Promise.all(checks)).filter(({ passed }) => !passed);
for (const { what, printed } of failedChecks) console.log(`FAILED ${what}\n${printed}`);
if (failedChecks.some(({ what }) => what === 'lint')) {
  console.log('lint failed: "npm run format" mends what can be mended');
}
console.log(countsText(counts));
if (isWhole) console.log('The long tests were not run: "npm run test:long" runs them.');
process.exitCode = succeeded && failedChecks.length === 0 ? 0 : 1;

/** Runs a program of Node to its end, and keeps what it prints. */
async function check(what, ...command) {
  const child = spawn(process.execPath, command, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { what, passed: status === 0, printed: out + err };
}
