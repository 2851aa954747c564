// The handler of the test of live figures. It writes down each start and each end, so that what runs is known
// without fairq's own word for it.
import { openSync, writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const log = openSync(`${process.env.TASK_LOG}/${process.env.TASK_LOG_NAME}.log`, 'a');

function note(what, { id, user }) {
  writeSync(log, `${JSON.stringify({ what, id, user, at: Date.now() })}\n`);
}

export async function work({ ms }, context) {
  note('start', context);
  await pause(ms);
  note('end', context);
}

export async function fail(_, context) {
  note('start', context);
  note('end', context);
  throw new Error('as it is meant to');
}
