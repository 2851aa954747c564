// What the HTTP door costs: single POSTs and a batch beside the plainest amqplib publisher, the latency at a fixed rate
// over two servers, and the memory of a server after many tasks. Absolute figures move with the machine.
//
//   npm run bench:http [-- --seconds 20 --tasks 1000000]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { printed } from './lib/printed.mjs';
import { setUp } from './setup.mjs';

const CONNECTIONS = 50;
const RATE = 1_000;
const USERS = 100;
const BATCH = 100_000;
/** The memory after so many is held against that at the end. */
const FIRST_LOOK = 100_000;

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '20' }, tasks: { type: 'string', default: '1000000' } },
});
const seconds = Number(values.seconds);
const tasks = Number(values.tasks);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const running = new Set();

await setUp();
const { startThrowAwayNode } = await import('../dist/broker/node/private-node.js');
const node = await startThrowAwayNode();
const env = { ...process.env, FAIRQ_URI: node.uri, FAIRQ_MANAGEMENT_URI: node.managementUri };
try {
  const raw = JSON.parse(
    await printed(here('raw-amqplib.mjs'), ['publish', 'raw', `${BATCH}`], env),
  ).perSecond;
  const [one, two] = await Promise.all([serve(), serve()]);
  const worker = fairq('worker');
  await says(worker, /ready, /);
  console.log(`RabbitMQ ${node.version}, Node ${process.version}, a worker that runs the tasks beside it`);
  line('amqplib, confirmed, as many at a time as there is room for', `${Math.round(raw)} tasks/s`);
  const single = await fire([one], { duration: seconds });
  line(`POST /v1/tasks, ${CONNECTIONS} connections, one server`, of(single));
  const both = await fire([one, two], { duration: seconds });
  line(`POST /v1/tasks, ${CONNECTIONS} connections to each of two servers`, of(both));
  const keyed = await fire([one], { duration: seconds, keys: true });
  line('the same with an Idempotency-Key each, one server', of(keyed));
  const batch = await sendBatch(one, BATCH);
  line(
    `POST /v1/tasks/batch, ${BATCH} lines`,
    `${Math.round(batch)} tasks/s (${(batch / raw).toFixed(2)} of amqplib)`,
  );
  const open = await fire([one, two], { duration: seconds, overallRate: RATE / 2 });
  line(`POST at ${RATE}/s in all over two servers, open loop`, of(open));
  await memory(one);
} finally {
  for (const child of running) child.kill('SIGTERM');
  await Promise.all([...running].map((child) => once(child, 'close')));
  await node.stop();
}

/** Sends until a server has sent so many tasks, and says what it takes meanwhile. */
async function memory(server) {
  let sent = 0;
  let first;
  while (sent < tasks) {
    await sendBatch(server, BATCH);
    sent += BATCH;
    if (sent === FIRST_LOOK) first = await settled(server);
  }
  const last = await settled(server);
  line(`memory after ${FIRST_LOOK} tasks`, `${first} MB`);
  line(`memory after ${tasks} tasks`, `${last} MB (${last - first >= 0 ? '+' : ''}${last - first} MB)`);
}

/** What was left over is collected in a while. Resident, megabytes; the least of some looks. */
async function settled({ child }) {
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 20; look++) {
    await delay(500);
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    least = Math.min(least, Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) / 1024);
  }
  return Math.round(least);
}

function fairq(...args) {
  const child = spawn(process.execPath, [here('../bin/fairq.js'), ...args], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.add(child);
  child.once('close', () => running.delete(child));
  return child;
}

async function serve() {
  const child = fairq('serve', '--port', '0');
  const said = await says(child, /answers on (\S+);/);
  return { child, url: said[1] };
}

async function says(child, pattern) {
  let text = '';
  for await (const chunk of child.stderr) {
    text += chunk;
    const found = pattern.exec(text);
    if (found) {
      child.stderr.resume();
      return found;
    }
  }
  throw new Error(`it has ended: ${text}`);
}

/** Posts to each of the servers at the same time. */
async function fire(servers, { keys = false, ...options }) {
  let count = 0;
  const request = {
    method: 'POST',
    path: '/v1/tasks',
    setupRequest: (request) => {
      count++;
      const headers = { ...request.headers, 'x-fairq-user': `user-${count % USERS}` };
      if (keys) headers['idempotency-key'] = `${process.pid}-${Date.now()}-${count}`;
      return { ...request, headers };
    },
    headers: { 'content-type': 'application/json' },
    body: '{"task":"noop"}',
  };
  const results = await Promise.all(
    servers.map(({ url }) => autocannon({ url, connections: CONNECTIONS, requests: [request], ...options })),
  );
  const failed = results.reduce((sum, { non2xx, errors }) => sum + non2xx + errors, 0);
  const sent = results.reduce((sum, { requests }) => sum + requests.total, 0);
  const took = Math.max(...results.map(({ duration }) => duration));
  const worst = (of) => Math.max(...results.map(({ latency }) => latency[of]));
  return { perSecond: sent / took, p50: worst('p50'), p99: worst('p99'), failed };
}

function of({ perSecond, p50, p99, failed }) {
  return `${Math.round(perSecond)} tasks/s, p50 ${p50} ms, p99 ${p99} ms, ${failed} failed`;
}

/** Tasks a second. */
async function sendBatch({ url }, lines) {
  let made = 0;
  const body = new ReadableStream({
    pull(controller) {
      const some = Math.min(1_000, lines - made);
      controller.enqueue(Buffer.from('{"task":"noop"}\n'.repeat(some)));
      made += some;
      if (made === lines) controller.close();
    },
  });
  const from = performance.now();
  const response = await fetch(`${url}/v1/tasks/batch`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', 'x-fairq-user': 'batch' },
    body,
    duplex: 'half',
  });
  let answered = 0;
  let rest = '';
  for await (const chunk of response.body) {
    const parts = (rest + Buffer.from(chunk).toString('utf8')).split('\n');
    rest = parts.pop();
    for (const part of parts) {
      if (JSON.parse(part).id === undefined) throw new Error(`a line was refused: ${part}`);
      answered++;
    }
  }
  if (answered !== lines) throw new Error(`${answered} lines were answered, not ${lines}`);
  return lines / ((performance.now() - from) / 1000);
}

function line(what, figures) {
  console.log(`${what.padEnd(62)} ${figures}`);
}
