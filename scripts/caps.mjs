// What a cap costs: the speed of one worker with tasks of no time, in turns without a policy, with a cap that does not bind,
// and with one that does; best of the rounds. Absolute figures move with the machine; the ratios are what counts.
//
//   npm run caps [-- --rounds 3]
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { printed } from './lib/printed.mjs';
import { setUp } from './setup.mjs';

const EACH = 50_000;
const CASES = [
  { name: 'no policy', flags: undefined },
  { name: 'a cap that does not bind', flags: ['--cap', '100'] },
  { name: 'a cap of 1', flags: ['--cap', '1'] },
];
const BIN = fileURLToPath(new URL('../bin/fairq.js', import.meta.url));

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } });
await setUp();
const { startThrowAwayNode } = await import('../dist/broker/node/private-node.js');
const node = await startThrowAwayNode();
const best = new Map();
try {
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const { name, flags } of CASES) {
      const env = { FAIRQ_PREFIX: `r${round}-${CASES.findIndex((one) => one.name === name)}` };
      await fairq(env, 'publish', '--users', '2', '--count', String(EACH));
      if (flags !== undefined) await fairq(env, 'policy', 'set', 'user-1', ...flags);
      const { perSecond } = JSON.parse(await fairq(env, 'worker', '--exit-when', 'empty'));
      best.set(name, Math.max(best.get(name) ?? 0, perSecond));
    }
  }
} finally {
  await node.stop();
}
console.log(
  `RabbitMQ ${node.version}, 2 users x ${EACH} tasks of no time, one of them with the cap, best of ${values.rounds}`,
);
const without = best.get('no policy');
for (const [name, perSecond] of best) {
  console.log(
    `${name}: ${Math.round(perSecond)}/s, ${(perSecond / without).toFixed(2)} of the speed without`,
  );
}

function fairq(env, ...args) {
  const all = { ...process.env, FAIRQ_URI: node.uri, FAIRQ_MANAGEMENT_URI: node.managementUri, ...env };
  return printed(BIN, ['--json', '--quiet', ...args], all);
}
