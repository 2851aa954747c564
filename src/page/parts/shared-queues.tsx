import type { Live } from '../../serve/live/live-views.js';
import type { Users } from '../../serve/overview/overview-views.js';
import { counted, countText } from './figures.js';

/** What waits in queues that users share, of whomever. */
export function SharedQueues({ of: shared }: { readonly of: Users['shared'] | Live['shared'] }) {
  if (shared === null) return null;
  const { queues, backlog, atWorkers, users, unserved } = shared;
  const waiting = backlog === null ? 'unknown' : `${counted(backlog, 'task')}, whoever's they are`;
  const known =
    atWorkers === null || users === null
      ? 'unknown'
      : `${countText(atWorkers)} more, of ${counted(users, 'user')}`;
  return (
    <p class="quiet">
      Waiting in {counted(queues, 'shared queue')}: {waiting}. At workers: {known}.
      {unserved && <b> No worker serves one of these queues.</b>}
    </p>
  );
}
