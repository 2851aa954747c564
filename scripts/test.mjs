// Sets up what is missing, then lint, types and every test; ends with the counts. Arguments go to
// vitest: `npm test -- --project unit`, `npm test -- -t 'a new user'`.
//
//   npm test
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { provideTestTools } from './lib/test-tools.mjs';
import { countsText, failedText, runVitest, slowestText } from './lib/vitest.mjs';
import { setUp } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { env } = await setUp();
await provideTestTools();

console.error('\n— lint');
const lint = ['node_modules/@biomejs/biome/bin/biome', 'check', '.'];
const linted = spawnSync(process.execPath, lint, { cwd: root, stdio: 'inherit' }).status === 0;

console.error('\n— types of the tests');
const types = ['node_modules/typescript/bin/tsc', '-p', 'test/tsconfig.json'];
const typed = spawnSync(process.execPath, types, { cwd: root, stdio: 'inherit' }).status === 0;

console.error('\n— tests');
// The faults take long, and have a command of their own: `npm run test:faults`.
const given = process.argv.slice(2);
const projects = given.some((word) => word.startsWith('--project'))
  ? []
  : ['unit', 'wire', 'cli', 'page'].map((project) => `--project=${project}`);
const { succeeded, counts, slowest, failed } = await runVitest('test-results', [...projects, ...given], {
  env: { ...process.env, ...env },
});

console.log(slowestText(slowest));
if (failed.length > 0) console.log(failedText(failed));
if (!typed) console.log('the tests have errors of type: see above');
if (!linted) console.log('lint failed: "npm run format" mends what can be mended');
console.log(countsText(counts));
process.exitCode = linted && typed && succeeded ? 0 : 1;
