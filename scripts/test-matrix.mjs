// The tests that depend on the version of RabbitMQ, on each one of Debian: bookworm's, trixie's and sid's.
// Other arguments go to vitest.
//
//   npm run test:matrix [-- --suite trixie] [--require] [-t 'told to stop']
//
// --suite SUITE  only on this one; may be repeated
// --require      a RabbitMQ that this machine cannot have is a failure, too
import { provideBroker, SUITES } from './lib/brokers.mjs';
import { SetupError } from './lib/run.mjs';
import { tableOf } from './lib/table.mjs';
import { addCounts, countsText, failedText, runVitest, slowestOf, slowestText } from './lib/vitest.mjs';
import { setUp } from './setup.mjs';

const { suites, required, forVitest } = parse(process.argv.slice(2));

// Each run starts brokers of its own.
for (const name of ['FAIRQ_URI', 'FAIRQ_MANAGEMENT_URI', 'FAIRQ_RABBITMQ_SERVER']) delete process.env[name];
// The one that is installed is needed for Erlang's epmd, whatever broker runs.
const { env } = await setUp();
if (env.FAIRQ_URI) {
  console.error('There is RabbitMQ in Docker only: a private node needs rabbitmq-server on this machine.');
  process.exit(1);
}
const { startThrowAwayNode } = await import('../dist/broker/node/private-node.js');

const rows = [];
for (const suite of suites) rows.push(await testOn(suite));
printTable(rows);
for (const { version, failures = [] } of rows) {
  if (failures.length > 0) console.log(`\nRabbitMQ ${version}\n${failedText(failures)}`);
}
const missing = rows.filter(({ outcome }) => outcome === 'not run');
for (const { suite, why } of missing) {
  console.log(`\nNOT TESTED: RabbitMQ ${SUITES[suite]} (Debian ${suite}). ${why}`);
}
const failed = rows.some(({ outcome }) => outcome === 'failed');
process.exitCode = failed || (required && missing.length > 0) ? 1 : 0;

async function testOn(suite) {
  console.error(`\n— RabbitMQ ${SUITES[suite]} of Debian ${suite}`);
  const started = performance.now();
  try {
    const server = await provideBroker(suite);
    if (server === null) delete process.env.FAIRQ_RABBITMQ_SERVER;
    else process.env.FAIRQ_RABBITMQ_SERVER = server;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    return { suite, outcome: 'not run', why: error.message };
  }
  let version;
  try {
    version = await askVersion();
  } catch (error) {
    console.error(error.message);
    return { suite, outcome: 'failed', why: 'it does not start' };
  }
  const { counts, succeeded, slowest, failures } = await test(suite);
  const seconds = Math.round((performance.now() - started) / 1000);
  const row = { suite, outcome: succeeded ? 'passed' : 'failed', version, counts, seconds, failures };
  console.log(`RabbitMQ ${version}: ${countsText(row.counts)}, in ${seconds} s; ${slowestText(slowest)}`);
  return row;
}

/** What the broker says of itself: a suite moves on. */
async function askVersion() {
  const node = await startThrowAwayNode();
  await node.stop();
  return node.version;
}

/** One project after the other: the fault tests take what the machine has. */
async function test(suite) {
  const chosen = forVitest.filter((arg) => arg.startsWith('--project'));
  const others = forVitest.filter((arg) => !arg.startsWith('--project'));
  const projects = chosen.length > 0 ? chosen : ['--project=wire', '--project=faults'];
  const outcomes = [];
  for (const project of projects) {
    const name = `matrix-${suite}${project.replace('--project=', '-')}`;
    // What is asked for may be in one project.
    outcomes.push(await runVitest(name, ['--passWithNoTests', project, ...others]));
  }
  return {
    counts: outcomes.map(({ counts }) => counts).reduce(addCounts),
    slowest: slowestOf(outcomes.flatMap(({ slowest }) => slowest)),
    failures: outcomes.flatMap(({ failed }) => failed),
    succeeded: outcomes.every(({ succeeded }) => succeeded),
  };
}

function printTable(all) {
  const lines = all.map((row) => [
    row.suite,
    row.version ?? `(${SUITES[row.suite]})`,
    row.outcome === 'not run' ? 'NOT RUN' : row.outcome,
    row.version === undefined ? (row.outcome === 'failed' ? row.why : '') : countsText(row.counts),
    row.seconds === undefined ? '' : `${row.seconds} s`,
  ]);
  console.log(`\n${tableOf([['Debian', 'RabbitMQ', 'outcome', 'tests', 'time'], ...lines])}`);
}

/** Takes out what is ours; the rest is vitest's, in its order. */
function parse(args) {
  const chosen = [];
  const rest = [];
  let required = false;
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--require') required = true;
    else if (args[i] === '--suite') chosen.push(args[++i]);
    else rest.push(args[i]);
  }
  const unknown = chosen.find((suite) => !(suite in SUITES));
  if (unknown !== undefined || args.at(-1) === '--suite') {
    console.error(`--suite takes one of ${Object.keys(SUITES).join(', ')}.`);
    process.exit(64);
  }
  return { suites: chosen.length > 0 ? chosen : Object.keys(SUITES), required, forVitest: rest };
}
