// What of the sources the tests run: those of `npm test` and the long ones with coverage, and a table of the rooms. There
// is no threshold. What runs in a process of its own is not seen: kills, terminals, modules of handlers. Arguments go to
// vitest.
//
//   npm run coverage
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { tableOf } from './lib/table.mjs';
import { countsText, runVitest } from './lib/vitest.mjs';
import { setUp } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = `${root}.fairq/coverage`;
const { env } = await setUp();
const coverage = [
  'enabled',
  'provider=v8',
  'include=src/**',
  'reporter=json-summary',
  `reportsDirectory=${folder}`,
];
const given = process.argv.slice(2);
const projects = given.some((word) => word.startsWith('--project')) ? [] : ['unit', 'wire', 'cli', 'page'];
const { succeeded, counts } = await runVitest(
  'coverage-test-results',
  [
    ...projects.map((project) => `--project=${project}`),
    ...coverage.map((option) => `--coverage.${option}`),
    // What failing tests have run counts, too.
    '--coverage.reportOnFailure',
    ...given,
  ],
  { env: { ...process.env, ...env } },
);

const rooms = new Map();
for (const [file, { lines, functions }] of Object.entries(summary())) {
  const room = file === 'total' ? 'all' : roomOf(file);
  const sum = rooms.get(room) ?? { lines: 0, linesRun: 0, functions: 0, functionsRun: 0 };
  sum.lines += lines.total;
  sum.linesRun += lines.covered;
  sum.functions += functions.total;
  sum.functionsRun += functions.covered;
  rooms.set(room, sum);
}
const rows = [...rooms].sort(([one], [other]) => (one < other ? -1 : 1)).map(cellsOf);
console.log(`\n${tableOf([['room', 'lines', 'run', 'functions', 'run'], ...rows], { rightFrom: 1 })}`);
console.log(`\n${countsText(counts)}`);
process.exitCode = succeeded ? 0 : 1;

function summary() {
  return JSON.parse(readFileSync(`${folder}/coverage-summary.json`, 'utf8'));
}

/** Of a file of `src/core/values` that is `core/values`. */
function roomOf(file) {
  const [, path = ''] = file.split('/src/');
  return path.split('/').slice(0, -1).slice(0, 2).join('/');
}

function cellsOf([room, { lines, linesRun, functions, functionsRun }]) {
  return [room, String(lines), share(linesRun, lines), String(functions), share(functionsRun, functions)];
}

function share(part, whole) {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`;
}
