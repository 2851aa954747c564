import { setTimeout as delay } from 'node:timers/promises';
import type { Names } from '../../core/queues/names.js';
import type { Connection } from '../connection/connection.js';
import { listen, ROLL_CALL_MS, type WorkerPresence } from './control.js';

/**
 * Every worker that speaks while somebody listens: all that can, in the time in which each speaks at least once.
 * Nothing is sent, so a broker with an alarm holds it up no more than the workers.
 */
export async function rollCall(connection: Connection, names: Names): Promise<WorkerPresence[]> {
  const workers = new Map<string, WorkerPresence>();
  const channel = await listen(connection, names, {
    onMessage: (message) => {
      if (message.kind === 'worker') workers.set(message.worker.id, message.worker);
      else if (message.kind === 'bye') workers.delete(message.id);
    },
    onFailure: () => {}, // fewer are heard, and the connection's own failure ends the command
  });
  await delay(ROLL_CALL_MS);
  channel.close();
  return [...workers.values()];
}
