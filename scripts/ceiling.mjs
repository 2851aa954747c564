// How near fairq comes to the plainest amqplib loops: publish and consume, in turns on one throw-away
// broker, best of the rounds. A consumer's clock starts when it is connected: finding and taking up every
// queue is part of it. Absolute figures move with the machine; the ratios are what counts.
//
//   npm run ceiling [-- --rounds 3]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { printed } from './lib/printed.mjs';
import { setUp } from './setup.mjs';

const TASKS = 60_000;
/** Users and the tasks of each, and the share of the ceiling that is asked for. */
const LOADS = [
  { users: 2, each: 30_000, least: 0.85 },
  { users: 100, each: 600, least: 0.85 },
  { users: 1_000, each: 60, least: 0.5 },
  { users: 10_000, each: 10, least: 0.2 },
];
const LEAST_PUBLISH = 0.95;
const IDLE_USERS = 10_000;
const MOST_MEMORY_MB = 200;

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } });
const rounds = Number(values.rounds);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

await setUp();
const { startThrowAwayNode } = await import('../dist/broker/node/private-node.js');
const node = await startThrowAwayNode();
const env = { ...process.env, FAIRQ_URI: node.uri, FAIRQ_MANAGEMENT_URI: node.managementUri };

const best = new Map();
let memory;
try {
  for (const { users } of LOADS) await makeVhost(vhostOf(users));
  for (let round = 1; round <= rounds; round++) {
    console.error(`round ${round} of ${rounds}`);
    for (const acksBy of ['1', '50']) {
      note('amqplib publish', (await json('raw-amqplib.mjs', 'publish', 'raw', `${TASKS}`)).perSecond);
      const { perSecond } = await json('raw-amqplib.mjs', 'consume', 'raw', `${TASKS}`, acksBy);
      note('amqplib consume', perSecond);
    }
    for (const load of LOADS) await play(load);
  }
  memory = await memoryOfIdleWorker();
} finally {
  await node.stop();
}

const consume = best.get('amqplib consume');
console.log(`RabbitMQ ${node.version}, tasks of 128 bytes, events on, best of ${rounds}`);
show('publish, 2 users', best.get('amqplib publish'), best.get('fairq publish'), LEAST_PUBLISH);
for (const { users, each, least } of LOADS) {
  show(`work, ${users} users x ${each}`, consume, best.get(workOf(users)), least);
}
console.log(
  `a worker with ${IDLE_USERS} idle users takes ${Math.round(memory)} MB (asked for: below ${MOST_MEMORY_MB})`,
);

function show(what, ceiling, ours, least) {
  const figures = `amqplib ${Math.round(ceiling)}/s   fairq ${Math.round(ours)}/s`;
  console.log(
    `${what.padEnd(26)} ${figures.padEnd(40)} ratio ${(ours / ceiling).toFixed(2)} (asked for: ${least})`,
  );
}

/** Publishes, and works it off in a process of its own. */
async function play({ users, each }) {
  const published = await fairq(users, 'publish', '--users', `${users}`, '--count', `${each}`);
  if (users === 2) note('fairq publish', published.perSecond);
  const { completed, startUpSeconds, seconds } = await fairq(users, 'worker', '--exit-when', 'empty');
  if (completed !== users * each) throw new Error(`${completed} tasks run, not ${users * each}`);
  note(workOf(users), completed / (startUpSeconds + seconds));
}

function workOf(users) {
  return `fairq worker, ${users} users`;
}

/** One for each load: the queues of one are no part of another, and stay for the next round. */
function vhostOf(users) {
  return `users-${users}`;
}

async function makeVhost(vhost) {
  await management('PUT', `vhosts/${vhost}`, {});
  await management('PUT', `permissions/${vhost}/guest`, { configure: '.*', write: '.*', read: '.*' });
}

async function management(method, path, body) {
  const response = await fetch(`${node.managementUri}/api/${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}`,
      'content-type': 'application/json',
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
  return method === 'GET' ? response.json() : undefined;
}

function note(what, perSecond) {
  best.set(what, Math.max(best.get(what) ?? 0, perSecond));
  console.error(`  ${what}: ${Math.round(perSecond)}/s`);
}

function fairq(users, ...args) {
  return json('../bin/fairq.js', '--json', '--quiet', '--vhost', vhostOf(users), ...args);
}

/** Runs a script to its end and parses the JSON that it prints. */
async function json(script, ...args) {
  return JSON.parse(await printed(here(script), args, env));
}

/** Megabytes that a worker takes which consumes the queues of the largest load, all of them empty. */
async function memoryOfIdleWorker() {
  const args = [here('../bin/fairq.js'), '--vhost', vhostOf(IDLE_USERS), 'worker'];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  while (!/ready, /.test(said)) await delay(50);
  // It is ready after a second at the latest, and takes up the rest then.
  while ((await management('GET', 'overview')).object_totals.consumers < IDLE_USERS) await delay(200);
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  child.kill('SIGTERM');
  await once(child, 'close');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) / 1024;
}
