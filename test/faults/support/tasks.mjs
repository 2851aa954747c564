// The handler of the fault tests. It writes down each task that it ran, so that what ran is known without
// fairq's own word for it, and while the broker is away.
import { openSync, writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const { FAULT_LOG, FAULT_TASK_MS = '5', FAULT_BLOCK_AT, FAULT_BLOCK_MS } = process.env;
const log = openSync(`${FAULT_LOG}/${process.pid}.log`, 'a');
let runs = 0;

/** One in 128 fails whenever it is tried: the way to a dead letter is under load as well. */
function isToFail(id) {
  // Its time and its counter; the rest is the same in all ids of one publisher.
  const own = Number.parseInt(id.slice(9, 13) + id.slice(15, 18), 16);
  return Math.imul(own, 0x9e3779b1) >>> 25 === 0;
}

export async function work(_, { id, attempt }) {
  // Seen in the log, so that a test can act on the moment.
  if (++runs === Number(FAULT_BLOCK_AT)) block(Number(FAULT_BLOCK_MS));
  await pause(Number(FAULT_TASK_MS) * (0.5 + Math.random()));
  const fails = isToFail(id);
  writeSync(log, `${id} ${attempt} ${fails ? 'failed' : 'done'}\n`);
  if (fails) throw new Error('one that always fails');
}

/** Longer than the broker waits for an acknowledgement where a test says that it waits 10 s. */
export async function slow() {
  await pause(15_000);
}

/** The event loop stands still: no heartbeat is sent or read. */
function block(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
