import type { Counts } from './counts.js';
import type { Facts, TaskFacts } from './facts.js';
import type { Held, Reason } from './reason.js';

/** What is to be said of one task; `rest` is true where what keeps its user keeps it, too. */
export interface AboutTask {
  readonly held: readonly Held[];
  readonly rest: boolean;
}

export function taskReasons({ state, place }: TaskFacts, facts: Facts, counts: Counts): AboutTask {
  const alone = (reason: Reason): AboutTask => ({ held: [{ reason }], rest: false });
  const and = (...reasons: Reason[]): AboutTask => ({
    held: reasons.map((reason) => ({ reason })),
    rest: true,
  });
  switch (state.state) {
    case 'done':
    case 'expired':
      return alone({ why: 'done', ...(state.finished !== undefined && { at: ms(state.finished) }) });
    case 'failed': {
      const { attempt: attempts, error } = state;
      return alone({
        why: 'dead-letter',
        ...(attempts !== undefined && { attempts }),
        ...(error !== undefined && { error }),
      });
    }
    case 'started': {
      const since = state.started === undefined ? {} : { since: ms(state.started) };
      return alone({ why: 'runs', tasks: 1, at: [{ worker: state.worker ?? '', tasks: 1 }], ...since });
    }
    case 'retrying': {
      if (state.retryAt === undefined) return and({ why: 'unknown', what: 'when its next attempt is due' });
      const at = ms(state.retryAt);
      const attempt = state.attempt === undefined ? {} : { attempt: state.attempt };
      if (at > facts.now) return and({ why: 'retry-due', tasks: 1, at, ...attempt });
      return and(...whereQueued(facts, counts, place));
    }
    case 'queued': {
      const { heldBack, due } = state;
      if (heldBack !== undefined) {
        const { worker, until, ahead } = heldBack;
        return and({ why: 'held-back', tasks: 1, at: [{ worker, tasks: 1 }], until: ms(until), ahead });
      }
      if (due !== undefined && ms(due) > facts.now) return and({ why: 'not-due', at: ms(due) });
      return and(...whereQueued(facts, counts, place));
    }
    case 'unknown':
      return alone({ why: 'unknown', what: 'nobody has heard of it' });
  }
}

/** Tasks of its own user that start before it. */
function whereQueued(
  { queueName, queueDown, silent }: Facts,
  counts: Counts,
  place: TaskFacts['place'],
): Reason[] {
  if (place !== undefined) {
    const { ahead, worker } = place;
    return ahead === 0 ? [] : [{ why: 'behind-own', ahead, most: ahead, worker }];
  }
  if (queueName === undefined) {
    return [{ why: 'unknown', what: 'whose task it is: its publisher did not say, and no worker has it' }];
  }
  if (counts.ready > 0) {
    const ahead = counts.prefetched;
    const most = ahead + counts.ready - 1;
    return most === 0 ? [] : [{ why: 'behind-own', ahead, most }];
  }
  if (silent.length > 0 || queueDown) return [];
  return [{ why: 'unknown', what: 'where it is: its queue is empty, and no worker that answers has it' }];
}

function ms(micros: number): number {
  return Math.round(micros / 1_000);
}
