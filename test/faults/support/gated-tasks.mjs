// The handler of the test of a slow queue. It writes down whose task starts, and holds one of each user until the
// file is there that opens its gate.
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const { STARTS, GATE_AT = '{}' } = process.env;
/** By user: its how many-th task waits. */
const gates = JSON.parse(GATE_AT);
const started = {};

export async function work(_, { user }) {
  started[user] = (started[user] ?? 0) + 1;
  appendFileSync(STARTS, user);
  await pause(2);
  if (started[user] !== gates[user]) return;
  while (!existsSync(`${STARTS}.${user}`)) await pause(10);
}
