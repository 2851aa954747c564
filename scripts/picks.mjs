// How fast the scheduler picks the next task, and how that grows with the users that wait. All users hold
// tasks all the time: each task that is picked makes room for a new one of the same user. No broker.
//
//   node --expose-gc scripts/picks.mjs [--most 1000000] [--held 2] [--rounds 3]
//
// The comparisons of a pick grow with the logarithm of the users, but time does so only while they fit
// into the processor's caches: beyond, memory is what a pick waits for. When every charge is alike, users
// take turns in one order, which caches foresee; with charges that differ they are met at random.
import { parseArgs } from 'node:util';
import { setUp } from './setup.mjs';

const { values } = parseArgs({
  options: {
    most: { type: 'string', default: '1000000' },
    held: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
  },
});
const [most, held, rounds] = [values.most, values.held, values.rounds].map(Number);
const PICKS_A_ROUND = 1_000_000;
/** Less than that many users take less memory than everything else that comes and goes. */
const WEIGHABLE = 1_000;

await setUp({ brokerNeeded: false });
const { FairScheduler } = await import('../dist/core/scheduling/fair-scheduler.js');
const { TenantScheduler } = await import('../dist/core/scheduling/tenant-scheduler.js');

const lengths = Float64Array.from({ length: 4096 }, () => 0.5 + Math.random());
let tasks = 0;
const chargings = {
  'every charge alike': () => 1,
  'charges that differ': () => lengths[tasks++ % lengths.length],
};

const ofTenants = (size) => (charge) =>
  new TenantScheduler(
    (user) => `${Math.floor(Number(user.slice('user-'.length)) / size)}`,
    () => 1,
    charge,
  );
const levels = {
  'one level': (charge) => new FairScheduler(() => 1, charge),
  'two levels, tenants of 10 users': ofTenants(10),
  'two levels, one tenant': ofTenants(Number.POSITIVE_INFINITY),
};

function backlogged(users, charge, make = levels['one level']) {
  const scheduler = make(charge);
  for (let i = 0; i < users; i++) {
    const lane = scheduler.lane(`user-${i}`);
    // One object is all tasks of a user: their memory is not the scheduler's.
    const task = { lane };
    for (let n = 0; n < held; n++) scheduler.push(lane, task);
  }
  return scheduler;
}

function pick(scheduler, times) {
  for (let i = 0; i < times; i++) {
    const task = scheduler.next();
    scheduler.push(task.lane, task);
  }
}

function heapUsed() {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function measure(users, charge, make) {
  const before = heapUsed();
  const scheduler = backlogged(users, charge, make);
  // Everybody has had some turns when the clock starts.
  pick(scheduler, Math.max(PICKS_A_ROUND, 3 * users));
  let ns = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const from = process.hrtime.bigint();
    pick(scheduler, PICKS_A_ROUND);
    ns = Math.min(ns, Number(process.hrtime.bigint() - from) / PICKS_A_ROUND);
  }
  const bytes = (heapUsed() - before) / users;
  if (scheduler.prefetched !== users * held) throw new Error(`${scheduler.prefetched} tasks are prefetched`);
  return { ns, bytes };
}

const number = (value) => Math.round(value).toLocaleString('en-US');

function printTable(charge, make) {
  const weighs = globalThis.gc !== undefined;
  const print = (...cells) => console.log(cells.map((cell) => `${cell}`.padStart(13)).join(''));
  print('users', 'picks/s', 'ns a pick', 'growth', 'logarithm', ...(weighs ? ['bytes a user'] : []));
  let few;
  for (let users = 10; users <= most; users *= 10) {
    const { ns, bytes } = measure(users, charge, make);
    few ??= ns;
    const memory = weighs && users >= WEIGHABLE ? [number(bytes)] : [];
    print(number(users), number(1e9 / ns), number(ns), (ns / few).toFixed(1), Math.log10(users), ...memory);
  }
}

const tables = Object.entries(levels).flatMap(([level, make]) =>
  Object.entries(chargings).map(([charging, charge]) => ({ name: `${level}; ${charging}`, charge, make })),
);
for (const { charge, make } of tables) pick(backlogged(1_000, charge, make), PICKS_A_ROUND);
for (const { name, charge, make } of tables) {
  console.log(
    `${name}; ${held} tasks held of each user, best of ${rounds} rounds of ${number(PICKS_A_ROUND)} picks`,
  );
  printTable(charge, make);
  console.log();
}
console.log('growth: time of a pick against 10 users; logarithm: log2(users) / log2(10)');
