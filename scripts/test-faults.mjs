// Sets up what is missing, then strikes fairq with faults under load; ends with a table and the counts.
// Arguments go to vitest: `npm run test:faults -- broker`, `npm run test:faults -- -t 'killed'`.
// FAIRQ_FAULT_SEED makes the faults strike at the same shares of the load again.
//
//   npm run test:faults
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { tableOf } from './lib/table.mjs';
import { countsText, failedText, runVitest } from './lib/vitest.mjs';
import { setUp } from './setup.mjs';

const rows = fileURLToPath(new URL('../.fairq/faults', import.meta.url));
const { env } = await setUp();
if (Object.keys(env).length > 0) {
  console.error('The fault tests kill brokers of their own, and need an installed rabbitmq-server for that.');
  process.exit(1);
}

const seed = process.env.FAIRQ_FAULT_SEED ?? String(Math.floor(Math.random() * 1e9));
console.error(`FAIRQ_FAULT_SEED=${seed}`);
rmSync(rows, { recursive: true, force: true });
const { succeeded, counts, failed } = await runVitest(
  'fault-test-results',
  ['--project=faults', ...process.argv.slice(2)],
  { env: { ...process.env, FAIRQ_FAULT_SEED: seed } },
);

if (existsSync(rows)) {
  const faults = readdirSync(rows).map((row) => JSON.parse(readFileSync(`${rows}/${row}`, 'utf8')));
  const head = ['fault', 'versions', 'tasks', 'repeats', 'seconds to recover', 'most at once', 'permits'];
  console.log(`\n${tableOf([head, ...faults.map(cellsOf)], { rightFrom: 2 })}`);
}
if (failed.length > 0) console.log(failedText(failed));
console.log(`\n${countsText(counts)}; FAIRQ_FAULT_SEED=${seed}`);
process.exitCode = succeeded ? 0 : 1;

function cellsOf({ fault, versions, tasks, repeats, secondsToRecover, atOnce, permits }) {
  const recovery = secondsToRecover === null ? '-' : secondsToRecover.toFixed(1);
  const most = atOnce === undefined ? '-' : `${atOnce.most} of ${atOnce.cap}`;
  return [
    fault,
    versions,
    tasks.toLocaleString('en-US'),
    String(repeats),
    recovery,
    most,
    String(permits ?? '-'),
  ];
}
