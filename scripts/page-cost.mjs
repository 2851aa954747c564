// What the page costs: the processor time of the broker without anybody who looks on, and with ten viewers, beside very many
// queues of which most are empty. Also that of the server, its memory, and how long its answers take. Absolute figures move
// with the machine. It uses the broker that FAIRQ_URI and FAIRQ_MANAGEMENT_URI name, which has to run on this machine, else
// one of its own.
//
//   npm run page:cost [-- --users 20000 --viewers 10 --seconds 180]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setUp } from './setup.mjs';

/** Kernel ticks a second, as /proc counts them. */
const TICKS = 100;
/** Users of whom some tasks wait, and how many of each. */
const BACKLOGGED = 50;
const TASKS = 20;
/** What each viewer's page asks again with each look: the overview asks for nothing more. */
const VIEWS = [
  '',
  '',
  '',
  'v1/users?limit=50',
  'v1/users?sort=wait&limit=50',
  'v1/users/user-7',
  'v1/workers',
];
/** A viewer's page is there before anything is counted, and the first listings have ended. */
const SETTLE_MS = 20_000;

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '20000' },
    viewers: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '180' },
  },
});
const [users, viewers, seconds] = [values.users, values.viewers, values.seconds].map(Number);
const bin = fileURLToPath(new URL('../bin/fairq.js', import.meta.url));

await setUp();
const node = await brokerHere();
const env = { ...process.env, FAIRQ_URI: node.uri, FAIRQ_MANAGEMENT_URI: node.managementUri };
const ends = [];
try {
  await fairq('publish', '--users', `${users}`, '--count', '1');
  await fairq('worker', '--exit-when', 'empty');
  await fairq('publish', '--users', `${BACKLOGGED}`, '--count', `${TASKS}`);
  const server = await serve();
  await delay(SETTLE_MS);
  console.log(`${users} users, ${BACKLOGGED} of them with ${TASKS} tasks that wait; ${seconds} s each`);
  const before = await measured(server);
  const times = { looks: [], answers: [] };
  for (let at = 0; at < viewers; at++) follow(server, VIEWS[at % VIEWS.length], times);
  await delay(SETTLE_MS);
  times.looks.length = 0;
  times.answers.length = 0;
  const during = await measured(server);
  line('broker, nobody looks on', `${before.broker.toFixed(2)} % of a processor`);
  line(`broker, ${viewers} viewers`, `${during.broker.toFixed(2)} % of a processor`);
  line('what they cost the broker', `${(during.broker - before.broker).toFixed(2)} % of a processor`);
  line('server, nobody looks on', `${before.server.toFixed(2)} % of a processor, ${before.memory} MB`);
  line(`server, ${viewers} viewers`, `${during.server.toFixed(2)} % of a processor, ${during.memory} MB`);
  line('between two looks', spread(times.looks));
  line('answers that a look makes a page ask for', spread(times.answers));
} finally {
  for (const end of ends) await end();
  await node.stop();
}

async function brokerHere() {
  const { FAIRQ_URI: uri, FAIRQ_MANAGEMENT_URI: managementUri } = process.env;
  if (uri && managementUri) return { uri, managementUri, stop: async () => {} };
  const { startThrowAwayNode } = await import('../dist/broker/node/private-node.js');
  return startThrowAwayNode();
}

/** Per cent of a processor over the time, and the memory at its end. */
async function measured(server) {
  const pids = await brokerPids();
  const from = { at: performance.now(), broker: ticksOf(pids), server: ticksOf([server.pid]) };
  await delay(seconds * 1_000);
  const took = (performance.now() - from.at) / 1_000;
  const share = (ticks) => (100 * ticks) / TICKS / took;
  return {
    broker: share(ticksOf(pids) - from.broker),
    server: share(ticksOf([server.pid]) - from.server),
    memory: Math.round(residentKb(server.pid) / 1_024),
  };
}

async function brokerPids() {
  const { protocol, host, username, password } = new URL(node.managementUri);
  const broker = new URL(node.uri);
  const login = `${username || broker.username || 'guest'}:${password || broker.password || 'guest'}`;
  const answer = await fetch(`${protocol}//${host}/api/nodes?columns=os_pid`, {
    headers: { authorization: `Basic ${Buffer.from(login).toString('base64')}` },
  });
  return (await answer.json()).map(({ os_pid }) => Number(os_pid));
}

function ticksOf(pids) {
  return pids.reduce((sum, pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return sum + Number(fields[11]) + Number(fields[12]);
  }, 0);
}

function residentKb(pid) {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
}

/** What a page does: it follows, and asks again with each look, one question at a time. */
function follow({ url }, path, { looks, answers }) {
  const ended = new AbortController();
  ends.push(async () => ended.abort());
  let isAsking = false;
  let last;
  const onLook = async () => {
    const now = performance.now();
    if (last !== undefined) looks.push(now - last);
    last = now;
    if (path === '' || isAsking) return;
    isAsking = true;
    await (await got(`${url}/${path}`, ended.signal)).arrayBuffer();
    answers.push(performance.now() - now);
    isAsking = false;
  };
  const read = async () => {
    const { body } = await got(`${url}/v1/live`, ended.signal);
    for await (const chunk of body) if (Buffer.from(chunk).includes('event: look')) await onLook();
  };
  read().catch((error) => {
    if (!ended.signal.aborted) throw error;
  });
}

async function got(address, signal) {
  const answer = await fetch(address, { headers: { 'x-fairq-user': 'viewer' }, signal });
  if (!answer.ok) throw new Error(`${address} was answered with ${answer.status}: ${await answer.text()}`);
  return answer;
}

async function fairq(...args) {
  const child = spawn(process.execPath, [bin, '--quiet', ...args], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`fairq ${args.join(' ')} ended with exit code ${code}`);
}

async function serve() {
  const child = spawn(process.execPath, [bin, 'serve', '--auth', 'none', '--port', '0'], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  ends.push(async () => {
    child.kill('SIGTERM');
    await once(child, 'close');
  });
  let said = '';
  for await (const chunk of child.stderr) {
    said += chunk;
    const url = /answers on (\S+);/.exec(said)?.[1];
    if (url === undefined) continue;
    child.stderr.resume();
    return { url, pid: child.pid };
  }
  throw new Error(`it has ended: ${said}`);
}

function spread(all) {
  const sorted = [...all].sort((a, b) => a - b);
  const of = (part) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]);
  return sorted.length === 0 ? 'none' : `median ${of(0.5)} ms, p95 ${of(0.95)} ms, at most ${of(1)} ms`;
}

function line(what, figures) {
  console.log(`${what.padEnd(46)} ${figures}`);
}
