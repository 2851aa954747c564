import { FairqError, messageOf, unreachableError } from '../../core/errors/errors.js';
import { explainDisk } from '../../core/errors/file-errors.js';
import { keepForGood } from './keep-for-good.js';
import { keepThrowAway } from './keep-throw-away.js';
import { type KeeperMessage, parseSettings, plainError, STOP } from './keeper-protocol.js';

/**
 * The process that owns a private node: started by fairq in a session of its own, so that a Ctrl-C in the
 * terminal does not reach it, it starts the node, watches it, stops it and removes what is left of it.
 */
async function main(): Promise<void> {
  const settings = parseSettings(process.argv[2]);
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', () => {});
  process.on('message', (message) => {
    if (message === STOP) stop();
  });
  if (settings.mode === 'throw-away') {
    process.on('disconnect', stop);
    // The parent may have gone while this process was still loading.
    if (!process.connected) stop();
  }
  const keep = settings.mode === 'throw-away' ? keepThrowAway : keepForGood;
  await keep({ settings, env: process.env, pid: process.pid, stop: stopping.signal, tell });
}

function tell(message: KeeperMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected && process.send) process.send(message, undefined, undefined, () => resolve());
    else resolve();
  });
}

try {
  await main();
  process.exit(0);
} catch (error) {
  const explained = explainDisk(error);
  const known =
    explained instanceof FairqError
      ? explained
      : unreachableError('NODE_KEEPER_FAILED', messageOf(error), { cause: error });
  await tell({ type: 'failed', error: plainError(known) });
  process.exit(1);
}
