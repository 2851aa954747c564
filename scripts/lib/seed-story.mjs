// The story of the README on a broker of its own, by the Node that runs this: A's tasks, then B's, then a worker, then
// the report with its checks. Ends with 0 where every command did, and none printed a warning of Node.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const TASKS = { A: 3_000, B: 50 };
const TURNS = 2 * TASKS.B;
const RUN = 'story';
const bin = fileURLToPath(new URL('../../bin/fairq.js', import.meta.url));
const { startThrowAwayNode } = await import('../../dist/broker/node/private-node.js');

const node = await startThrowAwayNode();
const env = {
  ...process.env,
  FAIRQ_URI: node.uri,
  FAIRQ_MANAGEMENT_URI: node.managementUri,
  NODE_OPTIONS: '--trace-warnings --trace-deprecation',
};
const failures = [];
try {
  for (const [user, count] of Object.entries(TASKS)) {
    fairq('publish', '--run', RUN, '--user', user, '--count', `${count}`);
  }
  fairq('worker', '--exit-when', 'empty');
  const checks = ['missing==0', `user(B).last<=${Math.ceil(TURNS * 1.1)}`];
  fairq('report', '--run', RUN, ...checks.flatMap((check) => ['--check', check]));
} finally {
  await node.stop();
}
for (const failure of failures) console.log(`FAILED ${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;

function fairq(...args) {
  const line = `fairq ${args.join(' ')}`;
  console.log(`$ ${line}`);
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  console.log(`${stdout}${stderr}`.trimEnd());
  if (status !== 0) failures.push(`${line}: ended with ${status ?? signal}`);
  if (/^\(node:\d+\) /m.test(stderr)) failures.push(`${line}: a warning of Node`);
}
