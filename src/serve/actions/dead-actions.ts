import type { OnBroker } from '../../broker/on-broker.js';
import type { QueueKind } from '../../broker/queues/topology.js';
import { FairqError } from '../../core/errors/errors.js';
import type { DeadLetterSelection } from '../../core/message/dead-letter-filter.js';
import {
  type DeadDeps,
  type DeadLetterList,
  type DeadOutcome,
  discardDeadLetters,
  type ListedDeadLetter,
  listDeadLetters,
  redriveDeadLetters,
} from '../../run/dead/dead-letters.js';
import { Problem } from '../http/problem.js';
import { letterView } from '../overview/dead-letter-view.js';
import type { DeadLetterView } from '../overview/dead-views.js';
import { type ActionDeps, planChanged } from './one-queue.js';

/** Letters of one plan: it is held in its token, and names each. */
const MOST_PLANNED = 10_000;
/** Shown of a plan. */
const EXAMPLES = 10;
const MOST_USERS = 100;

export type DeadVerb = 'redrive' | 'discard';

export interface DeadPlan {
  readonly action: DeadVerb;
  readonly carriedOut: false;
  /** In the queue, chosen or not. */
  readonly total: number;
  readonly chosen: number;
  /** Chosen, and more than a plan has. */
  readonly beyondMax: number;
  /** The most letters first. */
  readonly byUser: readonly { readonly user: string | null; readonly letters: number }[];
  /** The newest. */
  readonly examples: readonly DeadLetterView[];
  readonly token: string;
  readonly expiresAt: string;
}

export interface DeadDone extends DeadOutcome {
  readonly action: DeadVerb;
  readonly carriedOut: true;
  /** Planned, and taken away by somebody else meanwhile. */
  readonly gone: number;
}

/** Sends dead letters back, or throws them away. */
export class DeadActions {
  constructor(
    private readonly deps: ActionDeps,
    /** Of users' queues that have to be made again. */
    private readonly queueKind: QueueKind,
  ) {}

  /** @throws Problem 400, 404 for an id of several letters, or none */
  async plan(action: DeadVerb, selection: DeadLetterSelection, max = MOST_PLANNED): Promise<DeadPlan> {
    return this.deps.acting.plan(async (broker) =>
      this.#planOf(action, await this.#list(broker, selection), max),
    );
  }

  /** Exactly the letters of the plan. @throws Problem 409 where one of them is gone, or somebody else is at work */
  async carryOut(action: DeadVerb, token: string, by: string): Promise<DeadDone> {
    const { acting, tokens } = this.deps;
    const planned = tokens.read(action, token).ids;
    return acting.carryOut(
      { action, by },
      async (broker, progress) => {
        const ids = new Set(planned);
        const now = await this.#list(broker, { ids });
        if (now.letters.length !== planned.length) {
          throw planChanged(
            `${planned.length} dead letters were planned, and ${now.letters.length} of them are there now.`,
            now.letters.length === 0 ? null : this.#planOf(action, now, MOST_PLANNED),
          );
        }
        if (planned.length === 0) return { action, carriedOut: true, done: 0, kept: [], gone: 0 } as const;
        progress.state = 'Each letter is where it was, or where it was to go.';
        const onDone = () => {
          progress.done++;
        };
        const deps = this.#deadDeps(broker);
        const acted =
          action === 'redrive'
            ? redriveDeadLetters(deps, { ids }, this.queueKind, onDone)
            : discardDeadLetters(deps, { ids }, onDone);
        const { done, kept } = await acted.catch(noneWhereGone);
        const gone = Math.max(0, planned.length - done - kept.length);
        return { action, carriedOut: true, done, kept, gone } as const;
      },
      ({ done, kept, gone }) => ({ done, kept: kept.length, gone }),
    );
  }

  async #list(broker: OnBroker, selection: DeadLetterSelection): Promise<DeadLetterList> {
    try {
      return await listDeadLetters(this.#deadDeps(broker), selection);
    } catch (error) {
      const code = error instanceof FairqError ? error.code : undefined;
      if (code === 'NO_DEAD_LETTERS') return { letters: [], total: 0 };
      if (code === 'NO_SUCH_DEAD_LETTER') {
        throw new Problem(
          404,
          'no-such-letter',
          'There is no such dead letter',
          `Nothing was done. No id is, or starts with, what was given.`,
        );
      }
      if (code === 'AMBIGUOUS_START') {
        throw new Problem(
          400,
          'ambiguous-letter',
          'Several dead letters start so',
          'Nothing was done. Give more of the id, or all of it.',
        );
      }
      throw error;
    }
  }

  #deadDeps({ connection, management }: OnBroker): DeadDeps {
    const { names, clock } = this.deps;
    return { connection, names, clock, definition: (queue) => management.queueDefinition(queue) };
  }

  #planOf(action: DeadVerb, { letters, total }: DeadLetterList, max: number): DeadPlan {
    // The newest come first: of too many the oldest go.
    const chosen = letters.slice(-max);
    return {
      action,
      carriedOut: false,
      total,
      chosen: chosen.length,
      beyondMax: letters.length - chosen.length,
      byUser: byUser(chosen),
      examples: chosen.slice(0, EXAMPLES).map(letterView),
      ...this.deps.tokens.make(action, { ids: chosen.map(({ id }) => id) }),
    };
  }
}

function byUser(letters: readonly ListedDeadLetter[]): DeadPlan['byUser'] {
  const counts = new Map<string | null, number>();
  for (const { user = null } of letters) counts.set(user, (counts.get(user) ?? 0) + 1);
  return [...counts]
    .map(([user, count]) => ({ user, letters: count }))
    .sort((a, b) => b.letters - a.letters)
    .slice(0, MOST_USERS);
}

/** Somebody else has taken all of the letters since they were listed: nothing was left to do. */
function noneWhereGone(error: unknown): DeadOutcome {
  const isGone = error instanceof FairqError && /^NO_(SUCH_)?DEAD_LETTERS?$/.test(error.code);
  if (!isGone) throw error;
  return { done: 0, kept: [] };
}
