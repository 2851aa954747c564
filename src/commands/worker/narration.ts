import { formatDuration } from '../../render/numbers.js';
import type { WorkerListener } from '../../run/worker/worker-contract.js';
import type { Context } from '../context.js';

/** Failures, and results that were dropped, named one by one; of failures the rest are counted. */
const SHOWN = 5;

/** What is said of a worker while it runs: a line where somebody may have to do something. */
export function narration(
  context: Context,
  name: string,
  slots: number,
): Omit<WorkerListener, 'onTaskEnded'> {
  const { say, warn, detail, verbose } = context;
  let failures = 0;
  let dropped = 0;
  return {
    onReady: (queues) =>
      say(`worker ${name}: ready, ${queues} ${queues === 1 ? 'queue' : 'queues'}, ${slots} slots`),
    onWarning: (text) => warn(text),
    onDetail: (text) => detail(text),
    onResultDropped: ({ id, user }, reason) => {
      dropped++;
      if (dropped > SHOWN && !verbose) return;
      warn(`task ${id} of user ${JSON.stringify(user)} is done, and its result is not kept: ${reason}`);
    },
    onTaskFailed: (user, id, reason, retryAfterMs) => {
      failures++;
      if (failures <= SHOWN || verbose) {
        const next =
          retryAfterMs === undefined
            ? 'it is a dead letter'
            : `tried again in ${formatDuration(retryAfterMs)}`;
        const why = JSON.stringify(reason.slice(0, 200));
        warn(`task ${id} of user ${JSON.stringify(user)} failed, ${next}: ${why}`);
      }
      if (failures === SHOWN && !verbose) warn('more failures are counted, not shown (--verbose shows all)');
    },
  };
}
