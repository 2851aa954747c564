// The unit tests and the story of the README on each release of Node that has support.
// Other arguments go to vitest.
//
//   npm run test:node [-- --node 24] [--renew] [--require] [-t 'a weight']
//
// --node RELEASE  only on this one, or on `lts`, the newest with long-term support; may be repeated
// --renew         fetch the newest version of each
// --require       a release that this machine cannot have is a failure, too
import { spawnSync } from 'node:child_process';
import { aboutNode, NEWEST_LTS, provideNode, RELEASES } from './lib/nodes.mjs';
import { root, SetupError } from './lib/run.mjs';
import { tableOf } from './lib/table.mjs';
import { countsText, failedText, runVitest } from './lib/vitest.mjs';
import { setUp } from './setup.mjs';

const { releases, renew, required, forVitest } = parse(process.argv.slice(2));
// The story starts a broker of its own.
for (const name of ['FAIRQ_URI', 'FAIRQ_MANAGEMENT_URI']) delete process.env[name];
const { env } = await setUp();

const rows = [];
for (const release of releases) rows.push(await testOn(release));
const lines = rows.map(({ release, version, outcome, tests, story, seconds }) => [
  version ?? `v${release}`,
  outcome,
  tests ?? '',
  story ?? '',
  seconds === undefined ? '' : `${seconds} s`,
]);
console.log(`\n${tableOf([['Node', 'outcome', 'unit tests', 'story', 'time'], ...lines])}`);
const missing = rows.filter(({ outcome }) => outcome === 'NOT RUN');
for (const { release, why } of missing) console.log(`\nNOT TESTED: Node ${release}. ${why}`);
for (const { version, failed = [] } of rows) {
  if (failed.length > 0) console.log(`\nNode ${version}\n${failedText(failed)}`);
}
const newer = rows.filter(({ release, lts }) => lts && release > NEWEST_LTS);
for (const { version } of newer) {
  console.log(
    `\nNode ${version} has long-term support by now: NEWEST_LTS in scripts/lib/nodes.mjs is to be it.`,
  );
}
process.exitCode =
  rows.some(({ outcome }) => outcome === 'failed') || (required && missing.length > 0) ? 1 : 0;

async function testOn(release) {
  console.error(`\n— Node ${release}`);
  const started = performance.now();
  let program;
  let about;
  try {
    program = await provideNode(release, { renew });
    about = aboutNode(program);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    return { release, outcome: 'NOT RUN', why: error.message };
  }
  const { succeeded, counts, failed } = await runVitest(
    `node-${release}`,
    ['--project=unit', '--passWithNoTests', ...forVitest],
    { program },
  );
  const story = playStory(program);
  const outcome = succeeded && story !== 'failed' ? 'passed' : 'failed';
  const seconds = Math.round((performance.now() - started) / 1000);
  return { release, ...about, outcome, tests: countsText(counts), story, seconds, failed };
}

function playStory(program) {
  // Its broker is a private node, which needs RabbitMQ on this machine and not in Docker.
  if (env.FAIRQ_URI) return 'NOT RUN: RabbitMQ is there in Docker only';
  const { status } = spawnSync(program, ['scripts/lib/seed-story.mjs'], { cwd: root, stdio: 'inherit' });
  return status === 0 ? 'passed' : 'failed';
}

/** Takes out what is ours; the rest is vitest's, in its order. */
function parse(args) {
  const chosen = [];
  const rest = [];
  const flags = new Set();
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--renew' || args[i] === '--require') flags.add(args[i]);
    else if (args[i] === '--node') chosen.push(args[++i] === 'lts' ? NEWEST_LTS : Number(args[i]));
    else rest.push(args[i]);
  }
  if (chosen.some((release) => !Number.isSafeInteger(release) || release < 20)) {
    console.error(`--node takes a release of Node, such as ${RELEASES.join(', ')}, or lts.`);
    process.exit(64);
  }
  const releases = chosen.length > 0 ? chosen : RELEASES;
  return { releases, renew: flags.has('--renew'), required: flags.has('--require'), forVitest: rest };
}
