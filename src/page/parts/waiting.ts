import type { WatchedUser } from '../../serve/overview/overview-views.js';
import { countText, secondsText } from './figures.js';

type Waiting = Pick<WatchedUser, 'backlog' | 'shares' | 'atWorkers' | 'oldestWaitSeconds'>;

/** What waits of a user. What waits in shared queues is anybody's: of one that shares, what has come to workers. */
export function waitingText({ backlog, shares, atWorkers }: Waiting): string {
  if (!shares) return countText(backlog);
  return atWorkers === null ? countText(null) : `${countText(atWorkers)} at workers`;
}

/** How long its oldest task has waited, as far as that is known; a dash where none waits. */
export function oldestText({ backlog, atWorkers, oldestWaitSeconds }: Waiting): string {
  return backlog || atWorkers ? secondsText(oldestWaitSeconds) : '–';
}
