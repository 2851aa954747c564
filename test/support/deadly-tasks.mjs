// Handlers that end their worker, each in its way, and one that does not. It writes down what it has done.
import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const { DEADLY_LOG = '' } = process.env;

export function kill() {
  process.kill(process.pid, 'SIGKILL');
}

export function abort() {
  process.abort();
}

/** Until somebody kills it: this process hears and says nothing any more. */
export function block() {
  appendFileSync(`${DEADLY_LOG}.blocked`, `${process.pid}\n`);
  for (;;);
}

/** @param payload how long it takes, milliseconds */
export async function innocent(payload, { user, id }) {
  await delay(Number(payload.toString()) || 1);
  appendFileSync(DEADLY_LOG, `${user} ${id}\n`);
}
