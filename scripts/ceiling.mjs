// How near fairq comes to the plainest amqplib loop: publish and consume, in turns on one throw-away
// broker, best of the rounds. Absolute figures move with the machine; the ratios are what counts.
//
//   npm run ceiling [-- --rounds 3 --tasks 60000]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setUp } from './setup.mjs';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, tasks: { type: 'string', default: '60000' } },
});
const rounds = Number(values.rounds);
const tasks = Number(values.tasks);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

await setUp();
const { startThrowAwayNode } = await import('../dist/broker/node/private-node.js');
const node = await startThrowAwayNode();
const env = { ...process.env, FAIRQ_URI: node.uri, FAIRQ_MANAGEMENT_URI: node.managementUri };

/** Runs a script to its end and parses the JSON that it prints. */
async function json(script, ...args) {
  const child = spawn(process.execPath, [here(script), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${script} ${args.join(' ')} ended with exit code ${code}`);
  return JSON.parse(text);
}
const fairq = (...args) => json('../bin/fairq.js', '--json', '--quiet', ...args);

const best = new Map();
function note(what, { perSecond }) {
  best.set(what, Math.max(best.get(what) ?? 0, perSecond));
  console.error(`  ${what}: ${Math.round(perSecond)}/s`);
}

try {
  for (let round = 1; round <= rounds; round++) {
    console.error(`round ${round} of ${rounds}`);
    note('amqplib publish', await json('raw-amqplib.mjs', 'publish', 'raw', `${tasks}`));
    note('amqplib consume, one ack each', await json('raw-amqplib.mjs', 'consume', 'raw', `${tasks}`, '1'));
    await json('raw-amqplib.mjs', 'publish', 'raw', `${tasks}`);
    note('amqplib consume, acks by 50', await json('raw-amqplib.mjs', 'consume', 'raw', `${tasks}`, '50'));
    note('fairq publish', await fairq('publish', '--users', '2', '--count', `${tasks / 2}`));
    note('fairq worker', await fairq('worker', '--exit-when', 'empty'));
  }
} finally {
  await node.stop();
}

const consume = Math.max(best.get('amqplib consume, one ack each'), best.get('amqplib consume, acks by 50'));
const rows = [
  ['publish', best.get('amqplib publish'), best.get('fairq publish')],
  ['consume, 2 users, no-op tasks', consume, best.get('fairq worker')],
];
console.log(`RabbitMQ ${node.version}, ${tasks} tasks of 128 bytes, best of ${rounds}`);
for (const [what, ceiling, ours] of rows) {
  const share = (ours / ceiling).toFixed(2);
  console.log(
    `${what.padEnd(30)} amqplib ${Math.round(ceiling)}/s   fairq ${Math.round(ours)}/s   ratio ${share}`,
  );
}
